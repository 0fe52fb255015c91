"""The first set-up: asks for what a login needs, checks each answer, keeps it, and has it examined."""

from __future__ import annotations

import configparser
import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import click
from dotenv import dotenv_values
from dotenv.parser import parse_stream

from suitetalk.auth import keys
from suitetalk.auth.keys import SigningKey, certificate_of, end_of
from suitetalk.cli.options import (
    PREFIX,
    ConnectedCommand,
    environment_settings,
    give_settings,
    given_profile,
    given_settings,
    is_secret,
    profiles_path,
    telling_session,
)
from suitetalk.cli.output import note
from suitetalk.cli.setup import EXITS_OF_DOCTOR, login, show_findings
from suitetalk.doctor import WANTED_TYPES, examine
from suitetalk.errors import ConfigurationError
from suitetalk.settings import CONNECTION_SETTINGS, NEEDED, ConnectionSettings, check_setting, unused_settings

_WIDTH = 100
_NEW_KEY = "netsuite-key.pem"
_OPTIONAL = {"authorization_code": ("client_secret",)}
# What the set-up needs in NetSuite: article_5085602973, chapter_1558962745, section_157771733782, section_1534941088.
_FEATURES = """\
In NetSuite, as a user who may change the set-up:
1. Setup > Company > Company Information shows the account ID.
2. Setup > Company > Enable Features: tick REST Web Services and {feature} on the subtab SuiteCloud, and \
SuiteAnalytics Workbook on the subtab Analytics.
3. Setup > Users/Roles > Manage Roles > New: a role with the permissions REST Web Services (Full), {permission} \
(Full), SuiteAnalytics Workbook (Edit) and Find Transaction (View), and those for the records to read and write; \
give it to an employee.
4. Setup > Integration > Manage Integrations > New: state Enabled, tick {grant}, and untick what is not used. Save, \
and copy what is shown: NetSuite shows it once."""
_OAUTH_2 = {"feature": "OAuth 2.0", "permission": "Log in using OAuth 2.0 Access Tokens"}
_CLICKS = {
    "client_credentials": _FEATURES.format(
        **_OAUTH_2, grant="Client Credentials (Machine to Machine) Grant and the scope REST Web Services"
    ),
    "authorization_code": _FEATURES.format(
        **_OAUTH_2,
        grant="Authorization Code Grant and the scope REST Web Services, enter the redirect URI that you give below",
    ),
    "token_based": _FEATURES.format(
        feature="Token-based Authentication",
        permission="Log in using Access Tokens",
        grant="Token-based Authentication",
    )
    + "\n5. Setup > Users/Roles > Access Tokens > New: choose the integration, the user and the role, and copy both.",
}


@click.command(cls=ConnectedCommand, epilog=EXITS_OF_DOCTOR)
@click.pass_context
def init(context: click.Context) -> None:
    """Set up a login: asks for what is needed, makes the key, says what to click in NetSuite, and runs the doctor.

    The settings are kept in .env in this folder, or with --profile NAME as a profile. Those given as options or in the
    environment are not asked for; those of the environment are not written either. Enter keeps an earlier answer.
    """
    if not is_at_a_terminal():
        raise click.UsageError(
            "suitetalk init asks questions and there is no terminal to answer them; set NETSUITE_ACCOUNT_ID and the "
            "other settings in the environment or in a file .env, and run suitetalk doctor"
        )
    profile = given_profile(context)
    place = _profile(profile) if profile is not None else _dotenv()
    environment = environment_settings()
    fixed = {name: check_setting(name, text) for name, text in {**environment, **given_settings(context)}.items()}
    if place.settings and not click.confirm(f"{place} already has settings of NetSuite; change them?", err=True):
        note("Nothing was changed.")
        return
    answers = Questions(fixed, place.settings, place.folder).ask()
    place.write({name: value for name, value in answers.items() if name not in environment})
    note(f"\n{place} holds the settings, for you alone; keep it and the private key out of version control.")
    first = [name for name, value in _dotenv().settings.items() if answers.get(name) != value]
    if first:
        note(f"In this folder .env comes before the profile, and gives another {', '.join(first)}.")
    if answers["auth_method"] == "authorization_code" and click.confirm("Log in now?", default=True, err=True):
        give_settings(context, answers)
        context.invoke(login, no_browser=False, listen_port=None, paste=False, wait=300.0)
    note("")
    show_findings(context, examine(answers, WANTED_TYPES, session=telling_session(context, answers)))


def is_at_a_terminal() -> bool:
    """Tell whether somebody can read questions and answer them."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@dataclass
class Questions:
    """What is asked, and what is known already.

    Attributes:
        fixed: settings that are not asked for.
        before: settings of an earlier run, which an empty answer keeps.
        folder: what the name of a key's file is relative to; None to keep its full path.
    """

    fixed: Mapping[str, str]
    before: Mapping[str, str]
    folder: Path | None

    def ask(self) -> dict[str, str]:
        """Ask for everything that is missing, and return all settings."""
        answers = {**self.before, **self.fixed}
        answers["auth_method"] = method = self._ask("auth_method", default="client_credentials")
        for name in unused_settings(method):
            if name in self.fixed:
                raise ConfigurationError(
                    name, f"is given, and auth_method {method} does not use it; remove one of them."
                )
            answers.pop(name, None)
        note(
            "\n"
            + "\n".join(textwrap.fill(line, _WIDTH, subsequent_indent="   ") for line in _CLICKS[method].splitlines())
        )
        for name in dict.fromkeys(("account_id", "client_id", *_OPTIONAL.get(method, ()), *NEEDED[method])):
            if name == "certificate_id":
                answers |= self._ask_for_key(answers)
            answers[name] = self._ask(name, optional=name in _OPTIONAL.get(method, ()))
        answers = {name: value for name, value in answers.items() if value}
        ConnectionSettings.from_mapping(answers)
        return answers

    def _ask(
        self,
        name: str,
        *,
        default: str = "",
        optional: bool = False,
        check: Callable[[str], str] | None = None,
    ) -> str:
        """Ask for one setting until the answer can be used; what is secret is neither shown nor repeated."""
        if name in self.fixed:
            return self.fixed[name]
        schema, known = CONNECTION_SETTINGS[name], self.before.get(name, default)
        hint = "Enter keeps the present one" if is_secret(name) and known else "Enter for none" if optional else ""
        note("\n" + textwrap.fill(schema["description"], _WIDTH))
        while True:
            text = click.prompt(
                schema["title"] + (f" ({hint})" if hint else ""),
                default=known if known or optional else None,
                show_default=bool(known) and not is_secret(name),
                hide_input=is_secret(name),
                type=click.Choice(schema["enum"]) if "enum" in schema else str,
                err=True,
            )
            try:
                return (check or (lambda text: check_setting(name, text)))(text) if text.strip() else ""
            except ConfigurationError as error:
                note(f"{error}")

    def _ask_for_key(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Find the private key or make it, and say what to do with its certificate."""
        if answers.get("private_key"):
            return {}
        path = self._ask("private_key_path", default=_NEW_KEY, check=self._path)
        if not Path(path).exists():
            return {"private_key_path": path}
        passphrase = self._passphrase(path)
        key = SigningKey.read(None, path, passphrase or None)
        certificate = certificate_of(key, None, path, None)
        if certificate:
            note("\n" + keys.next_steps(end_of(certificate), path, _certificate_path(path)))
        return {"private_key_path": path, "private_key_passphrase": passphrase}

    def _path(self, text: str) -> str:
        """Return the path of a key that is there and can be read, or was made."""
        path = Path(text).expanduser()
        path = path if self.folder is None else (self.folder / path).resolve()
        if path.exists():
            try:
                SigningKey.read(None, str(path), None)
            except ConfigurationError as error:
                if error.setting != "private_key_passphrase":
                    raise
            return str(path)
        certificate = _certificate_path(path)
        if not click.confirm(f"{path} does not exist; make it, with a certificate?", default=True, err=True):
            raise ConfigurationError("private_key_path", "needs a file; give the path of another one.")
        keys.write(keys.generate(), path, certificate)
        note(f"Made {path}, for you alone, and {certificate}.")
        return str(path)

    def _passphrase(self, path: str) -> str:
        """Return the passphrase of an encrypted key, empty for one that is not."""
        try:
            SigningKey.read(None, path, None)
        except ConfigurationError:
            return self._ask("private_key_passphrase", check=lambda text: _opening(path, text))
        return ""


@dataclass(frozen=True)
class Place:
    """Where settings are kept.

    Attributes:
        path: the file.
        settings: those that it has.
        folder: what paths among the settings are relative to when they must hold elsewhere too; None if they need not.
        render: returns the file's new text.
        parse: returns the settings in a text of such a file.
    """

    path: Path
    settings: dict[str, str]
    folder: Path | None
    render: Callable[[Mapping[str, str]], str]
    parse: Callable[[str], dict[str, str]]

    def __str__(self) -> str:
        """Return the file's name."""
        return str(self.path)

    def write(self, settings: Mapping[str, str]) -> None:
        """Write the settings, readable for the user alone, beside all else that is in the file.

        Raises:
            ConfigurationError: they cannot be written; the file is as before then.
        """
        text = self.render(settings)
        lost = [name for name, value in settings.items() if self.parse(text).get(name) != value]
        if lost:
            raise ConfigurationError(lost[0], f"cannot stand in {self}, which would change it; set it elsewhere.")
        path = self.path.resolve()  # not the link, where it is one
        new = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            new.replace(path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise ConfigurationError("path", f"{self} cannot be written ({error.strerror}).") from None


def _dotenv() -> Place:
    path = Path(".env")
    text = _text_of(path)

    def parse(text: str) -> dict[str, str]:
        values = dotenv_values(stream=StringIO(text), interpolate=False)
        names = {PREFIX + name.upper(): name for name in CONNECTION_SETTINGS}
        return {names[name]: value for name, value in values.items() if name in names and value}

    def render(settings: Mapping[str, str]) -> str:
        ours = {PREFIX + name.upper() for name in CONNECTION_SETTINGS}
        others = "".join(line.original.string for line in parse_stream(StringIO(text)) if line.key not in ours)
        lines = (f"{PREFIX}{name.upper()}={_quoted(value)}\n" for name, value in settings.items())
        return (others if not others or others.endswith("\n") else others + "\n") + "".join(lines)

    return Place(path, parse(text), None, render, parse)


def _profile(name: str) -> Place:
    if not name.strip() or "]" in name or not name.isprintable():
        raise click.UsageError(f"A profile cannot be named {name!r}; use letters and digits")
    path = profiles_path()
    text = _text_of(path)

    def parse(text: str) -> dict[str, str]:
        parser = configparser.ConfigParser(interpolation=None, default_section="")
        try:
            parser.read_string(text)
        except configparser.Error as error:
            why = " ".join(str(error).split())
            raise ConfigurationError("profile", f"cannot be put into {path} ({why}); correct the file.") from None
        found = parser.items(name) if parser.has_section(name) else []
        return {key.replace("-", "_"): value for key, value in found if value}

    def render(settings: Mapping[str, str]) -> str:
        kept, inside = [], False
        for line in text.splitlines():
            inside = line.rstrip() == f"[{name}]" if line.startswith("[") else inside
            kept += [] if inside else [line]
        lines = [f"{key} = " + value.replace("\n", "\n    ") for key, value in settings.items()]
        return "\n".join([*kept, *([""] if kept and kept[-1] else []), f"[{name}]", *lines]) + "\n"

    return Place(path, parse(text), Path.cwd(), render, parse)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("path", f"{path} cannot be read ({error}); correct or remove the file.") from None


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _certificate_path(key: str | Path) -> Path:
    path = Path(key)
    begin = path.stem.removesuffix("key") if path.stem.endswith("key") else f"{path.stem}-"
    return path.with_name(f"{begin}certificate{path.suffix}")


def _opening(path: str, passphrase: str) -> str:
    SigningKey.read(None, path, passphrase)
    return passphrase
