"""Text files that users write: in UTF-8, with or without the mark (BOM) that Windows puts first."""

import os
import re

from i3d_tf.common import errors

ENCODING = 'utf-8-sig'  # UTF-8; a mark at the beginning is left out


def read_names(path: str | os.PathLike, what: str) -> list[str]:
  """Reads a file of names, one per line.

  Lines may be numbered from 1, as in UCF101's classInd.txt ('1 ApplyEyeMakeup'), if all are.
  Empty lines are left out.

  Args:
    path: the file.
    what: what the names are of, such as 'class names', for messages.

  Raises:
    UserError: the file is missing, or is no text.
  """
  try:
    with open(path, encoding=ENCODING) as f:
      names = [line.strip() for line in f if line.strip()]
  except (OSError, UnicodeDecodeError) as e:
    raise errors.UserError(f'{path}: expected a text file of {what}; {e}') from e
  numbered = [re.fullmatch(r'(\d+)\s+(\S.*)', name) for name in names]
  if all(match and int(match[1]) == number for number, match in enumerate(numbered, 1)):
    return [match[2] for match in numbered if match]
  return names
