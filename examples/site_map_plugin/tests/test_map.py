"""Where sites are drawn; no database is asked."""

import pytest
from site_map.models import Site
from site_map.views import draw


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        (0, 0, ("180.000", "90.000")),
        (90, -180, ("0.000", "0.000")),
        (-90, 180, ("360.000", "180.000")),
        (59.91, 10.75, ("190.750", "30.090")),
    ],
)
def test_north_is_up_and_the_middle_is_at_zero(latitude: float, longitude: float, place: tuple[str, str]) -> None:
    mark = draw(Site(name="x", latitude=latitude, longitude=longitude))

    assert (mark.x, mark.y) == place


@pytest.mark.parametrize(("longitude", "is_east"), [(-180, False), (10.75, False), (151.2, True), (180, True)])
def test_names_near_the_eastern_edge_are_written_to_the_left(longitude: float, *, is_east: bool) -> None:
    assert draw(Site(name="x", latitude=0, longitude=longitude)).is_east is is_east
