"""``make run``: check, migrate, start web, DICOM and worker under one parent, fill the archive once, stop cleanly."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.core.management import call_command

from noctis.data_directory import DataDirectory
from noctis.env import ConfigurationError, Environment, process_environment
from noctis.loading import load_application
from noctis.operations.embedded.preconditions import CannotStartError, claim_data_directory, require_free_port
from noctis.operations.embedded.supervisor import Output, Program, Supervisor

APP_DIR = Path(__file__).resolve().parents[3]
MANAGE = (sys.executable, str(APP_DIR / "manage.py"))
AGAIN_SECONDS = 2.0


class StopRequestedError(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def main() -> int:
    """Run the appliance until it is told to stop; return the exit code."""
    output = Output()
    _stop_on_signals()
    os.umask(0o077)  # what the appliance writes is for this user alone
    try:
        env = process_environment()
        data = DataDirectory(Path(env.text("NOCTIS_DATA_DIR", str(APP_DIR.parent / "var"))).resolve())
        with claim_data_directory(data):
            _run(env, data, output)
    except StopRequestedError:
        _note_stopping()
        return 0
    except (CannotStartError, ConfigurationError) as error:
        output.line(f"noctis: {error}")
        return 1
    return 0


def _run(env: Environment, data: DataDirectory, output: Output) -> None:
    os.environ["NOCTIS_DATA_DIR"] = str(data.root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "noctis.settings")
    os.environ.setdefault("NOCTIS_GUNICORN_LOG_LEVEL", "warning")
    os.environ.setdefault("NOCTIS_DICOM_DRAIN_SECONDS", "10")
    os.environ["NOCTIS_KEPT_BY"] = "Ctrl-C where “make run” runs."  # “dicom-server stop” says so
    os.environ["PYTHONUNBUFFERED"] = "1"
    os.environ["PYTHONPATH"] = str(APP_DIR)
    os.environ["NOCTIS_HTTP_PORT"] = str(settings.NOCTIS_HTTP_PORT)  # Gunicorn reads no settings file
    _require_free_ports()

    load_application()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    output.line(f"Preparing {data.root}")
    call_command("migrate", verbosity=0, interactive=False)

    from noctis.operations.embedded.start import Start

    supervisor = Supervisor(_programs(), os.environ, output)
    try:
        Start(supervisor, output).run(samples=env.choice("NOCTIS_SAMPLES", "all", ("all", "none")) == "all")
        supervisor.failed.wait()
        raise CannotStartError(supervisor.failure)
    except StopRequestedError:
        _note_stopping()
        output.line("Stopping …")
        raise
    finally:
        supervisor.stop()
        output.line("Noctis has stopped.")


def _require_free_ports() -> None:
    require_free_port("the web pages", "127.0.0.1", settings.NOCTIS_HTTP_PORT, "NOCTIS_HTTP_PORT")
    require_free_port("DICOM", settings.NOCTIS_DICOM_HOST, settings.NOCTIS_DICOM_PORT, "NOCTIS_DICOM_PORT")
    if settings.NOCTIS_HL7_ENABLED:
        require_free_port("HL7", settings.NOCTIS_HL7_HOST, settings.NOCTIS_HL7_PORT, "NOCTIS_HL7_PORT")


def _programs() -> list[Program]:
    gunicorn = (sys.executable, "-m", "gunicorn", "-c", str(APP_DIR / "noctis" / "gunicorn_events.py"))
    programs = [
        Program("web", (*gunicorn, "--chdir", str(APP_DIR), "noctis.asgi:application")),
        Program("dicom", (*MANAGE, "start_dicom_service")),
        Program("worker", (*MANAGE, "run_huey", "--quiet")),
    ]
    if settings.NOCTIS_HL7_ENABLED:
        programs.append(Program("hl7", (*MANAGE, "start_hl7_listener")))
    return programs


def _stop_on_signals() -> None:
    """Raise StopRequestedError on the first signal to stop, and again until ``_note_stopping``.

    What a signal raises within a destructor or a callback of the database is dropped by the interpreter.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asked to outlive the terminal
        numbers.append(signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # stopping is under way; it ends by itself
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS, AGAIN_SECONDS)
        raise StopRequestedError

    def stop_again(_number: int, _frame: FrameType | None) -> None:
        raise StopRequestedError

    signal.signal(signal.SIGALRM, stop_again)
    for number in numbers:
        signal.signal(number, stop)


def _note_stopping() -> None:
    """Leave the stop, which has been noticed, to end by itself."""
    signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    sys.exit(main())
