"""Flags: out of range, not understood, empty, contradicting each other, leading nowhere."""

from tests import tiny
from tests.bad_inputs import Row

_TRAIN = f'i3d_tf.train --records=records --run_dir=new {" ".join(tiny.FLAGS)}'
_EVALUATE = 'i3d_tf.evaluate --run_dir=run'
_PREDICT = 'i3d_tf.predict --run_dir=run --video=a.avi'
_FEATURES = 'i3d_tf.extract_features --run_dir=run --video=a.avi --output=features'
_EXPORT = 'i3d_tf.export --run_dir=run'
_REPRODUCE = 'i3d_tf.reproduce --records=records --run_dir=new --dry_run'
_MAKE = 'tools.make_tfrecords --videos=videos --output=new --workers=1'
_SEGMENT = 'segmentation.segment --videos=videos --output=new --processes=1 --segmenter=coco '
_SEGMENT += '--segmenter_model=masks'
_REVIEW = 'segmentation.review --videos=videos --masks=masks --output=new --processes=1'


def _rows(command, *cases):
  return tuple(
    Row(f'{command.split()[0].split(".")[1]} {arguments}', f'{command} {arguments}', message)
    for arguments, message in cases
  )


ROWS = (
  *_rows(
    _TRAIN,
    ('--learning_rate=nan', '--learning_rate must be a finite number; received nan'),
    ('--learning_rate=-0.1', '`learning_rate` must be above 0 and finite; received -0.1'),
    ('--weight_decay=inf', '--weight_decay must be a finite number; received inf'),
    ('--weight_decay=-1', '`weight_decay` must be at least 0 and finite; received -1.0'),
    ('--width=0', '`width` must be above 0 and at most 16; received 0.0'),
    ('--width=1e9', '`width` must be above 0 and at most 16; received 1000000000.0'),
    ('--freeze=Mixed_3c', '`freeze` is for networks that start from `weights`; received Mixed_3c'),
    ('--freeze=Mixed_9z', 'flag --freeze=Mixed_9z: value should be one of <Conv3d_1a_7x7|'),
    ('--dropout=1', '`dropout` must be at least 0 and below 1; received 1.0'),
    ('--batch_norm_momentum=1', '`batch_norm_momentum` must be at least 0 and below 1'),
    ('--momentum=1', '`momentum` must be at least 0 and below 1; received 1.0'),
    ('--steps=0', '`steps` must be at least 1; received 0'),
    ('--steps=99999999999999999999', '--steps must be below 2147483648; received 99999999999'),
    ('--steps=1.5', "flag --steps=1.5: invalid literal for int() with base 10: '1.5'"),
    ('--steps', 'Missing value for flag --steps'),
    ('--stepz=1', "Unknown command line flag 'stepz'. Did you mean: steps ?"),
    (
      '--warmup_steps=1 --schedule=drops',
      '`warmup_steps` must be at least 0, fewer than steps, with schedule cosine; received 1',
    ),
    ('--learning_rate_drops=5', '`learning_rate_drops` must be rising steps, with schedule'),
    ('--batch_size=0', '`batch_size` must be at least 1; received 0'),
    ('--seed=-1', '`seed` must be from 0 to 4294967295; received -1'),
    (
      '--mask_dilation=2',
      '`mask_dilation` must be 0 or odd and positive, at most 1023; received 2',
    ),
    ('--mask_dilation=99999999', '`mask_dilation` must be 0 or odd and positive, at most 1023'),
    ('--clip_frames=8', '`clip_frames` must be at least 9; received 8'),
    ('--max_frames=0', '`max_frames` must be at least 9; received 0'),
    ('--frame_size=31', '`frame_size` must be at least 32; received 31'),
    ('--log_every=0', 'flag --log_every=0: 0 is not a positive integer'),
    ('--checkpoint_every=-1', 'flag --checkpoint_every=-1: -1 is not a positive integer'),
    ('--split=4', '`split` must be one of 1, 2, 3; received 4'),
    ('--stream=flow', 'error: records: expected flow for --stream=flow; these records were made '),
    ('--optimizer=lion', 'flag --optimizer=lion: value should be one of <sgd|adam>'),
    ('--mask=none --fill=blur', "`fill` must be 'black' for region 'none'"),
    ('--mask=none --mask_place=earlier', "`place` must be 'person' for region 'none'"),
    ('--eval_masks=foo', '`eval_masks` must be some of none, background, activity, both'),
    ('--eval_masks=none,,both', '--eval_masks must not be empty'),
    ('--augment false', 'expected flags only; received false (values go as --flag=value)'),
    ('--augment=maybe', "('Non-boolean argument to boolean flag', 'maybe')"),
    ('--noaugment=true', '--noaugment=true does not take an argument'),
    ('--records=', '--records must not be empty'),
    (
      '--records=nowhere',
      'nowhere: expected a folder made by make_tfrecords (--records); no such folder',
    ),
    (
      '--records=a.avi',
      'a.avi: expected a folder made by make_tfrecords (--records); it is a file',
    ),
    ('--run_dir=a.avi', 'a.avi: File exists'),
    ('--run_dir=a.avi/run', 'a.avi/run: Not a directory'),
    ('--run_dir=/proc/run', '/proc/run: No such file or directory'),
    (
      '--weights=nowhere',
      'nowhere: expected weights (--weights): a file, a TensorFlow checkpoint by its prefix',
    ),
    ('--verdicts=videos', 'videos: expected a CSV file of verdicts; [Errno 21] Is a directory'),
    ('--flagfile=nowhere', 'Unable to open flagfile: [Errno 2] No such file or directory: '),
  ),
  *_rows(
    _EVALUATE,
    ('--eval_masks=foo', '`eval_masks` must be some of none, background, activity, both'),
    ('--eval_masks=', '`eval_masks` must be some of none, background, activity, both'),
    ('--split=4', '`split` must be one of 1, 2, 3; received 4'),
    ('--batch_size=-3', '`batch_size` must be at least 1; received -3'),
    ('--subset=validation', 'lists/validationlist01.txt: expected a text file'),
    ('--records=nowhere', 'nowhere: expected a folder made by make_tfrecords'),
    ('--verdicts=nowhere', 'nowhere: expected a CSV file of verdicts'),
    ('--run_dir=', '--run_dir must not be empty'),
    (
      '--run_dir=records',
      'records: expected a directory made by train (--run_dir); it has no run.json',
    ),
    (
      '--run_dir=a.avi',
      'a.avi: expected a directory made by train (--run_dir); it has no run.json',
    ),
  ),
  *_rows(
    _PREDICT,
    ('--labels=labels.txt', '--labels is for --weights: a run knows its classes; received'),
    ('--top_k=0', 'flag --top_k=0: 0 is not a positive integer'),
    ('--max_frames=8', 'flag --max_frames=8: 8 is not integer >= 9'),
    ('--npy=clip.npy', 'expected --video or --npy; received both'),
    ('--weights=a.avi', 'expected --weights (or --flow_weights) or --run_dir; received both'),
    ('--mask=person', '--mask must be some of none, background, activity; received person'),
    ('--mask_dilation=99999999', '--mask_dilation must be 0 or odd and positive, at most 1023'),
    ('--score_threshold=nan', '--score_threshold must be a finite number'),
    ('--score_threshold=2', 'flag --score_threshold=2: 2.0 is not a number'),
  ),
  *_rows(
    _FEATURES,
    ('--window=8', '`window` must be at least 9; received 8'),
    ('--window=99999999999999999999', '--window must be below 2147483648'),
    ('--stride=0', '`stride` must be at least 1; received 0'),
    ('--endpoint=Mixed_9z', 'flag --endpoint=Mixed_9z: value should be one of'),
    ('--video=a.avi,videos/../a.avi', 'expected videos of different names; a.avi and videos/'),
    ('--output=a.json', 'a.json: File exists'),
  ),
  *_rows(
    _EXPORT,
    ('--output=new --frames=16', '--frames is for --format=tflite: a SavedModel takes any'),
    ('--output=new.tflite --format=tflite --frames=8', 'flag --frames=8: 8 is not integer >='),
    ('--output=videos', 'videos: expected a folder that does not exist yet'),
    ('--output=new --run_dir=run,run', 'expected one network; received run, run'),
  ),
  *_rows(
    _REPRODUCE,
    ('--splits=4', '--splits must be some of 1, 2, 3; received 4'),
    ('--seeds=-1', '--seeds must be numbers; received -1'),
    ('--conditions=4z', '--conditions must be some of paper, controls, loopholes, all,'),
    ('--conditions=1b-diversity3', 'draw a demo set of their own; received --records'),
    ('--mask=background', '--mask is decided by --conditions and --seeds; received --mask='),
    ('--class_map=a.csv', '--class_map is for --classifier; it was not given'),
    ('--classifier_size=32', '--classifier_size is for --classifier; it was not given'),
    ('--classifier=run --weights=a', 'expected --classifier or --weights; received both'),
    ('--classifier=run --width=0.5', '--width is for networks that are trained; --classifier is'),
    ('--classifier=run --seeds=1', '--seeds is for networks that are trained; --classifier is'),
    ('--classifier=nowhere', 'nowhere: expected weights (--classifier)'),
    ('--weights=nowhere --steps=0', 'nowhere: expected weights (--classifier)'),
    ('--classifier=run --class_map=no.csv', 'no.csv: expected a CSV file of classes (--class_map)'),
    ('--classifier=run --conditions=3b', '--conditions: expected rows that only test a network'),
  ),
  *_rows(
    _MAKE,
    ('--frame_rate=nan', '--frame_rate must be a finite number; received nan'),
    ('--frame_rate=1e9', 'flag --frame_rate=1e9: 1000000000.0 is not a number in the range'),
    ('--short_side=999999', 'flag --short_side=999999: 999999 is not an integer in the range'),
    ('--jpeg_quality=0', 'flag --jpeg_quality=0: 0 is not an integer in the range [1, 100]'),
    ('--shards=100000', 'flag --shards=100000: 100000 is not an integer in the range'),
    ('--workers=0', 'flag --workers=0: 0 is not a positive integer'),
    ('--split_seed=-1', 'flag --split_seed=-1: -1 is not a non-negative integer'),
    ('--validation=inf', '--validation must be a finite number; received inf'),
    ('--validation=1.5', 'expected a number of groups to hold out, or a share below 1'),
    ('--validation=99', 'expected fewer groups to hold out than there are; with 99 held out'),
    ('--beam_options="\'"', "expected --beam_options as a shell takes them; received '"),
    ('--csv=a.csv --lists=lists', 'expected --lists or --csv; received both'),
    ('--masks=a.avi', '`masks` must be a folder; received a.avi'),
    ('--output=a.avi', 'a.avi: expected a folder (--output); it is a file'),
    ('--output=/proc/new', '/proc/new: No such file or directory'),
  ),
  *_rows(
    'tools.inspect_tfrecords --records=records',
    (
      '--videos=v_Waving_g01_c01',
      'expected --contact_sheet with --videos=v_Waving_g01_c01; it was not',
    ),
    ('--contact_sheet=sheet.gif', 'expected --contact_sheet to end in .png or .jpg; received'),
    (
      '--contact_sheet=sheet.png --videos=v_Nobody --quick',
      'expected the name of a video of the records; found none for v_Nobody',
    ),
    ('--workers=0', 'flag --workers=0: 0 is not a positive integer'),
  ),
  *_rows(
    'tools.convert_weights --weights=a.avi',
    ('--output=new.h5', 'expected --output to end in .weights.h5 or .keras; received new.h5'),
    ('--output=new.keras --num_classes=0', 'flag --num_classes=0: 0 is not a positive integer'),
  ),
  *_rows('tools.benchmark', ('--only=coffee', 'expected --only of '), ('--only=', 'received none')),
  *_rows(
    _SEGMENT,
    ('--segmenter=opencv', "--segmenter=opencv: OpenCV's people detector with GrabCut was removed"),
    (
      '--segmenter=nobody',
      '--segmenter must be one of tfhub, model_garden, rvm, tflite, coco; rec',
    ),
    ('--detect_every=0', 'flag --detect_every=0: 0 is not a positive integer'),
    ('--processes=0', 'flag --processes=0: 0 is not a positive integer'),
    ('--tflite_person=3', 'the --tflite_... flags are for --segmenter=tflite; received'),
    ('--segmenter=tflite --segmenter_model=x --tflite_input_range=0', 'must be two numbers'),
    (
      '--videos=nowhere',
      'nowhere: expected a folder with videos, or a video (--videos); no such file',
    ),
    ('--videos=lists', 'lists: expected videos (.3gp, .asf, .avi,'),
    ('--output=a.avi', 'a.avi: File exists'),
  ),
  *_rows(
    _REVIEW,
    ('--strip_frames=0', 'flag --strip_frames=0: 0 is not an integer in the range [1, 50]'),
    ('--masks=nowhere', 'nowhere: expected a folder of person masks (--masks); no such file'),
    ('--verdicts=a.avi', 'a.avi: expected a CSV file of verdicts'),
  ),
  *_rows(
    'segmentation.compare',
    ('--masks=masks', 'expected two folders, --masks=A,B; received masks'),
    ('--masks=masks,lists', 'masks and lists: expected masks (.json) of the same videos; foun'),
    ('--masks=masks,a.json', '--masks must be folders; received a.json'),
  ),
)
