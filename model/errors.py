"""The exception tree. Each message says what was wrong, the value, and the next step.

FirstlastError
├── ArtifactError          a file of the model set or encoder is missing, damaged or incompatible
├── ConfigurationError     a setting is unknown or contradicts another
├── DataError              a data file cannot be read, or a row in it is wrong
├── NotFoundError          the thing named does not exist (or the asker may not know that it does)
├── ConflictError          the thing is not in a state that allows this
├── AuthenticationError    who is asking is not known
├── PermissionDeniedError  who is asking is known, and may not
└── NotReadyError          what is needed is still being prepared, and will be there soon
"""


class FirstlastError(Exception):
    """Base of every error that firstlast raises on purpose."""


class ArtifactError(FirstlastError):
    """A file of the model set or encoder is missing, damaged or incompatible."""


class ConfigurationError(FirstlastError):
    """A setting is unknown or contradicts another."""


class DataError(FirstlastError):
    """A data file cannot be read, or a row in it is wrong."""


class NotFoundError(FirstlastError):
    """The thing named does not exist, or the asker may not know that it does."""


class ConflictError(FirstlastError):
    """The thing is not in a state that allows this."""


class AuthenticationError(FirstlastError):
    """Who is asking is not known."""


class PermissionDeniedError(FirstlastError):
    """Who is asking is known, and may not."""


class NotReadyError(FirstlastError):
    """What is needed is still being prepared, and will be there soon."""
