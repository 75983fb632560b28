"""What a user can mend."""


class UserError(ValueError):
  """Something that the user can mend; the message says what was expected and what came.

  Commands print it as one line, without a traceback (`i3d_tf.app`).
  """
