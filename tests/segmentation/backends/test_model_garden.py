"""A Mask R-CNN that tf-models-official built and exported runs through the same path.

Tiny and with random weights: it finds nobody worth the name, but its signature is real.
"""

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from segmentation.backends import model_garden
from segmentation.backends import paste_masks
from segmentation.backends import registry
from tests import fakes

_SIZE = 64  # of the network's input
_HEIGHT, _WIDTH = 48, 80  # of the frames


@pytest.fixture(scope='module')
def model(tmp_path_factory):
  """The segmenter of a SavedModel as `export_saved_model` of the Model Garden makes it."""
  exp_factory = pytest.importorskip('official.core.exp_factory')
  from official.vision.configs import maskrcnn
  from official.vision.serving import export_saved_model_lib

  del maskrcnn  # its import registers the experiment
  params = exp_factory.get_exp_config('maskrcnn_resnetfpn_coco')
  config = params.task.model
  config.num_classes = 3
  config.input_size = [_SIZE, _SIZE, 3]
  config.min_level, config.max_level = 3, 4
  config.backbone.resnet.model_id = 10
  config.decoder.fpn.num_filters = config.rpn_head.num_filters = 16
  for head in (config.detection_head, config.mask_head):
    head.num_filters, head.num_convs = 16, 1
  config.detection_head.fc_dims = 16
  config.roi_generator.test_num_proposals = 20
  config.roi_generator.test_pre_nms_top_k = 50
  config.detection_generator.max_num_detections = 10
  config.detection_generator.pre_nms_score_threshold = 0.0
  keras.utils.set_random_seed(0)
  folder = str(tmp_path_factory.mktemp('exported'))
  export_saved_model_lib.export_inference_graph(
    input_type='image_tensor',
    batch_size=None,
    input_image_size=[_SIZE, _SIZE],
    params=params,
    checkpoint_path=None,
    export_dir=folder,
    log_model_flops_and_params=False,
    save_options=tf.saved_model.SaveOptions(experimental_custom_gradients=False),
  )
  return registry.create('model_garden', folder)


def test_it_is_recognized_and_its_people_agree_with_the_model_gardens_own_paste(model):
  from official.vision.ops import mask_ops

  assert isinstance(model, model_garden.ModelGardenSegmenter)
  frames = np.stack([fakes.texture(_HEIGHT, _WIDTH, seed) for seed in range(3)])
  people = model.people(frames)
  outputs = {name: value.numpy() for name, value in model._function(tf.constant(frames)).items()}
  compared = 0
  for i, found in enumerate(people):
    # The longer side sets the scale; the rest of the input below the frame is padding.
    np.testing.assert_allclose(outputs['image_info'][i, 2], _SIZE / _WIDTH, rtol=0.02)
    of_person = (outputs['detection_classes'][i] == 1) & (outputs['detection_scores'][i] > 0)
    scores = outputs['detection_scores'][i][of_person].tolist()
    masks = outputs['detection_masks'][i][of_person]
    boxes = outputs['detection_boxes'][i][of_person] / np.tile(outputs['image_info'][i, 2], 2)
    y0, x0, y1, x1 = boxes.T
    # Random weights give noise as masks, so the boxes are compared instead.
    whole = mask_ops.paste_instance_masks(
      np.ones_like(masks), np.stack([x0, y0, x1 - x0, y1 - y0], 1), _HEIGHT, _WIDTH
    )
    for person in found:
      assert person.mask.shape == (_HEIGHT, _WIDTH) and person.mask.dtype == bool
      number = scores.index(person.score)
      np.testing.assert_array_equal(
        person.mask, paste_masks.paste(masks[number], boxes[number], _HEIGHT, _WIDTH)
      )
      assert not (person.mask & ~(cv2.dilate(whole[number], np.ones((3, 3))) > 0)).any()
      compared += 1
  assert compared > 3
