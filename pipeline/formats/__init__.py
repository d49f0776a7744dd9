"""Chat formats, one a module; each registers itself in ``pipeline.formats.format.FORMATS``."""
