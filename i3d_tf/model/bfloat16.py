"""Whether a processor has fast kernels for bfloat16. Needs no TensorFlow."""

import re

_CPUINFO = '/proc/cpuinfo'


def is_slow(cpuinfo: str = _CPUINFO) -> bool:
  """Whether TensorFlow computes convolutions in bfloat16 by its slow kernels on this processor.

  oneDNN has kernels for bfloat16 from AVX-512 on (AVX512BW: TensorFlow's
  `IsBF16SupportedByOneDNNOnThisCPU`). On other x86 processors TensorFlow takes kernels of its own.

  Args:
    cpuinfo: the file in which Linux describes the processors.

  Returns:
    False, too, if the file does not tell: another system, or no x86 processor.
  """
  try:
    with open(cpuinfo) as f:
      flags = re.search(r'^flags\s*:(.*)$', f.read(), re.MULTILINE)
  except OSError:
    return False
  return flags is not None and 'avx512bw' not in flags.group(1).split()


def warning(compute_dtype: str, backend: str, gpus: int, cpuinfo: str = _CPUINFO) -> str | None:
  """One line that says what bfloat16 costs here; None if it costs nothing.

  Args:
    compute_dtype: in which a network computes, such as 'float32'.
    backend: Keras's, such as 'tensorflow'.
    gpus: how many of them there are.
    cpuinfo: as in `is_slow`.
  """
  if compute_dtype != 'bfloat16' or backend != 'tensorflow' or gpus or not is_slow(cpuinfo):
    return None
  return (
    'TensorFlow has no fast bfloat16 on this processor, which lacks AVX-512: inference takes about '
    '25 times, a training step 80 times as long as in float32 (--precision=float32)'
  )
