from pathlib import Path
from tests.acceptance.test_corrections import *
from tests.acceptance.test_corrections import STUDY, OTHER
del test_a_study_is_corrected_moved_and_brought_back
OUT = Path("/tmp/corr_shots"); OUT.mkdir(exist_ok=True)
SIZES = {"d": (1440, 900), "w": (2560, 1440), "p": (390, 844)}

def test_shots(appliance, tmp_path, sign_in):
    for study in (STUDY, OTHER):
        for number, dataset in enumerate(ct_series(PLAN, study)):
            if number in {4, 5}:
                save(dataset, tmp_path / f"{study.uid}-{number}.dcm")
    appliance.send([tmp_path])
    page = sign_in("technician", "NORTH")
    def shot(name):
        for key, (w, h) in SIZES.items():
            page.set_viewport_size({"width": w, "height": h})
            page.wait_for_timeout(200)
            page.screenshot(path=OUT / f"{name}-{key}.png")
        page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/worklist")
    page.set_viewport_size({"width": 1440, "height": 900})
    row = page.locator(f'tr[data-uid="{STUDY.uid}"]')
    row.hover()
    row.locator(".row-correct summary").click()
    page.wait_for_timeout(300)
    page.screenshot(path=OUT / "menu-d.png")
    page.set_viewport_size({"width": 390, "height": 844}); page.wait_for_timeout(200); page.screenshot(path=OUT / "menu-p.png")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/corrections/{STUDY.uid}"); shot("empty")
    page.goto(f"/corrections/{STUDY.uid}/edit"); shot("edit")
    page.get_by_label("Patient name").fill("Phantom^Nadia")
    preview(page); shot("preview")
    apply(page, "Mistyped at the modality"); shot("history")
    page.goto(f"/corrections/{STUDY.uid}/move"); shot("move")
    page.goto(f"/corrections/{STUDY.uid}/merge"); shot("merge")
    page.goto(f"/corrections/{STUDY.uid}/split"); shot("split")
    page.goto(f"/corrections"); shot("list")
    page.goto(f"/viewer/{STUDY.uid}"); page.wait_for_timeout(4000); shot("viewer")
