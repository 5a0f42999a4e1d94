"""Open data: what anybody may take and use, in the columns that Japanese municipalities share."""
