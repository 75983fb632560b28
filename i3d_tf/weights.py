"""Published checkpoints to Keras weights: which variable is which."""

from i3d_tf import model as model_lib

# The published graphs say 0a here, where every other block says 0b.
_TYPO = {'Mixed_5b/Branch_2/Conv3d_0b_3x3': 'Mixed_5b/Branch_2/Conv3d_0a_3x3'}


def variables_by_original_name(model):
  """The variables of an `InceptionI3D` by their names in DeepMind's checkpoints.

  Args:
    model: an `i3d_tf.model.InceptionI3D`.

  Returns:
    A dict from the name without its scope, such as
    'Mixed_3b/Branch_1/Conv3d_0b_3x3/conv_3d/w', to the `keras.Variable`.
    Kernels have the checkpoint's shape [kt, kh, kw, in, out]; batch-norm
    variables are [C] here and [C] or [1, 1, 1, 1, C] in checkpoints.
  """
  variables = {}

  def add_unit(name, unit):
    name = _TYPO.get(name, name)
    variables[f'{name}/conv_3d/w'] = unit.conv.kernel
    for leaf in ('beta', 'moving_mean', 'moving_variance'):
      variables[f'{name}/batch_norm/{leaf}'] = getattr(unit.batch_norm, leaf)

  for layer in model.layers:
    if isinstance(layer, model_lib.Unit3D):
      add_unit(layer.name, layer)
    elif isinstance(layer, model_lib.Mixed):
      for branch in layer.branches:
        for unit in branch:
          if isinstance(unit, model_lib.Unit3D):
            branch_name, unit_name = unit.name.split('_Conv3d_')
            add_unit(f'{layer.name}/{branch_name}/Conv3d_{unit_name}', unit)
    elif isinstance(layer, model_lib.Head):
      variables['Logits/Conv3d_0c_1x1/conv_3d/w'] = layer.conv.kernel
      variables['Logits/Conv3d_0c_1x1/conv_3d/b'] = layer.conv.bias
  return variables
