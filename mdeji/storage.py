"""Static files in production: named by their content, compressed once."""

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class NamedByContent(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also what a script imports is asked for by its content's name, so a page's scripts are always of one version."""

    support_js_module_import_aggregation = True
