"""Explains a network's answers: what the command `explain` does."""

import dataclasses
import sys

from i3d_tf.attribution import answers
from i3d_tf.attribution import on_lists
from i3d_tf.attribution import on_videos
from i3d_tf.attribution import options as options_lib
from i3d_tf.attribution.methods import explainers
from i3d_tf.inference import trained_networks


def run(options: options_lib.ExplainOptions) -> int:
  """Opens the network and explains its answers about a list, or about videos.

  Args:
    options: what to explain.

  Returns:
    The exit status: 1 if a video could not be used.

  Raises:
    UserError: the network, a class or a file cannot be used.
  """
  if options.is_default:
    print(f'no network was given: the network is {options.network.source}', file=sys.stderr)
  asked = trained_networks.of_classifier(options.network)
  print('\n'.join(asked.notes), file=sys.stderr)
  asked = dataclasses.replace(asked, fill=options.settings.fill)
  if options.mask_dilation is not None:
    asked = dataclasses.replace(asked, mask_dilation=options.mask_dilation)
  answers.check_targets(options.targets, asked.label_names, options.of_list is not None)
  explainer = explainers.Explainer(asked.model.classifier, options.settings)
  explainer.chosen(options.methods)  # Refuses methods before anything is read.
  if options.of_videos is not None:
    return on_videos.run(options, asked, explainer)
  return on_lists.run(options, asked, explainer)
