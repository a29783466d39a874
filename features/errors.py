"""The few errors SoiHàng raises on purpose; everything else is a bug."""


class SoiHangError(Exception):
    """Base of every error that a user can act on. ``exit_code`` is what the command line returns."""

    exit_code = 2


class DataError(SoiHangError):
    """A table or file does not hold what it must; a bad *row* is quarantined instead."""


class ConfigError(SoiHangError):
    """A setting, mapping or reference table is missing, unknown or out of range."""


class NothingNew(SoiHangError):
    """There was nothing to do: the files hold no listing."""

    exit_code = 4


class ModelError(SoiHangError):
    """A model file is damaged, from another version, or does not reproduce its own test rows."""

    exit_code = 5
