"""What a user can mend."""

import errno

# Full disks, missing permissions and the like; other OSErrors are bugs.
_MENDABLE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)


class UserError(ValueError):
  """Something that the user can mend; the message says what was expected and what came.

  Commands print it as one line, without a traceback (`i3d_tf.app`).
  """


def message(error):
  """What to tell the user of an exception in one line; None for a bug."""
  if isinstance(error, UserError):
    return str(error)
  if isinstance(error, OSError) and error.errno in _MENDABLE:
    return error.strerror if error.filename is None else f'{error.filename}: {error.strerror}'
  return None
