"""What a user can mend."""

import errno

# Full disks, missing permissions and the like; other OSErrors are bugs.
_MENDABLE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
# Where a file is named, also a file in place of a folder, the reverse, and a path that cannot be.
_MENDABLE_PATHS = (
  errno.ENOENT,
  errno.EEXIST,
  errno.ENOTDIR,
  errno.EISDIR,
  errno.ENOTEMPTY,
  errno.ENAMETOOLONG,
  errno.ELOOP,
)


class UserError(ValueError):
  """Something that the user can mend; the message says what was expected and what came.

  Commands print it as one line, without a traceback (`i3d_tf.common.cli`).
  """


def user_message(error: BaseException) -> str | None:
  """What to tell the user of an exception in one line; None for a bug."""
  if isinstance(error, UserError):
    return str(error)
  if (
    isinstance(error, OSError)
    and error.filename is not None
    and (error.errno in _MENDABLE + _MENDABLE_PATHS)
  ):
    # Of two, the second is what a finished file was to be called.
    path = error.filename if error.filename2 is None else error.filename2
    return f'{path}: {error.strerror}'
  if isinstance(error, OSError) and error.errno in _MENDABLE:
    return error.strerror
  return None
