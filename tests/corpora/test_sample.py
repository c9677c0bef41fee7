"""A sample of a corpus is the corpus with fewer images, at equal distances."""

from tiny_oasis import write_oasis

from emocam_utils.corpora import offers, picture
from emocam_utils.corpora.oasis import Oasis
from emocam_utils.corpora.sample import Sample, spread


def test_it_has_its_own_images_and_everything_else_of_the_corpus(tmp_path):
    whole = Oasis(write_oasis(tmp_path / "oasis"))
    some = Sample(whole, spread(whole.ids, 3))
    assert some.ids == [whole.ids[0], some.ids[1], whole.ids[-1]] and len(whole.ids) == 12
    assert whole.ids.index(some.ids[1]) in (5, 6)
    assert some.name == whole.name and some.decoder is whole.decoder
    assert some.digest(some.ids[1]) == whole.digest(some.ids[1])
    assert offers(some, "hidden") and offers(some, "annotations") and not offers(some, "truth")
    assert picture(some, some.ids[0]).tobytes() == picture(whole, whole.ids[0]).tobytes()
