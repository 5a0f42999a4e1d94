"""From open requests and places without people to a plan, and from an approved plan to offers. See docs/adr/0007."""
