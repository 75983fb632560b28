"""Errors that the user can fix, and their one-line messages."""

import errno

# Full disks, missing permissions and the like; other OSErrors are bugs.
_FIXABLE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
# These count only if the error names a file: missing, of the wrong kind, or an impossible path.
_FIXABLE_PATHS = (
  errno.ENOENT,
  errno.EEXIST,
  errno.ENOTDIR,
  errno.EISDIR,
  errno.ENOTEMPTY,
  errno.ENAMETOOLONG,
  errno.ELOOP,
)


class UserError(ValueError):
  """An error that the user can fix; its message says what was expected and what was received.

  Commands print it as one line, without a traceback (`i3d_tf.common.cli`).
  """


def user_message(error: BaseException) -> str | None:
  """The one-line message for an exception that the user can fix; None for a bug."""
  if isinstance(error, UserError):
    return str(error)
  if (
    isinstance(error, OSError)
    and error.filename is not None
    and error.errno in _FIXABLE + _FIXABLE_PATHS
  ):
    # os.replace names two files; the second is the one that the user knows.
    path = error.filename if error.filename2 is None else error.filename2
    return f'{path}: {error.strerror}'
  if isinstance(error, OSError) and error.errno in _FIXABLE:
    return error.strerror
  return None
