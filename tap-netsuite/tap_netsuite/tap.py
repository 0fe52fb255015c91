"""The Singer tap."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import PurePath
from types import FrameType, NoneType
from typing import IO, Any

from singer_sdk import Stream, Tap
from singer_sdk.helpers._util import load_json
from singer_sdk.mapper import PluginMapper

from suitetalk import ConfigurationError, LoginNeededError, LoginRefusedError, RetryPolicy, SuiteTalkError
from suitetalk.descriptions import check_environment, json_values, stray_names, stray_variables
from suitetalk.report import Watch, kept
from suitetalk.stream_maps import IN_USE, MAP_SETTINGS, Mapper, check_forms
from tap_netsuite.account import PACKAGE, Account, EarlyAccount, user_agent
from tap_netsuite.discovery.discover import discover
from tap_netsuite.discovery.found import (
    Discovery,
    DiscoveryCache,
    stream_metadata,
    warn_of_columns,
    warn_of_datasets,
    with_metadata,
    write_table,
)
from tap_netsuite.discovery.tables import FOUND_OUT
from tap_netsuite.progress import Progress, StreamAudit, run_report, shown
from tap_netsuite.settings import CONFIG_SCHEMA, RECORD_PREFIX, TapSettings
from tap_netsuite.streams.audit import AUDIT_STREAM, AuditStream
from tap_netsuite.streams.base import NetSuiteStream
from tap_netsuite.streams.catalog import (
    StreamMaker,
    datasets_in,
    findings_in,
    log_findings,
    of_streams,
    with_chosen_methods,
)
from tap_netsuite.sync import ReaderLeftError, Run, StreamError, WholeLineWriter

_NO_STATE = 'names a file that holds no state such as {"bookmarks": {…}}; correct it.'


class TapNetSuite(Tap):
    """Reads NetSuite: SuiteQL tables, whole records, and queries of the user's."""

    name = "tap-netsuite"
    package_name = PACKAGE
    config_jsonschema = CONFIG_SCHEMA
    dynamic_catalog = True
    message_writer_class = WholeLineWriter
    retry: RetryPolicy | None = None
    """How often and how far apart requests are tried; None for the library's own choice."""
    early: EarlyAccount | None = None
    """The account of the command line, where the login has begun already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the tap; what a given catalog says of its streams beyond Singer's own keys is kept.

        Raises:
            ConfigurationError: what was given is not a state, or an environment variable does not fit its setting.
        """
        self._given_findings = findings_in(kwargs.get("catalog"))
        self._given_datasets = datasets_in(kwargs.get("catalog"))
        if "catalog" in kwargs:
            kwargs["catalog"] = with_chosen_methods(kwargs["catalog"])
        self._reads_environment = bool(kwargs.get("parse_env_config"))
        if not isinstance(kwargs.get("state"), (dict, str, PurePath, NoneType)):
            raise ConfigurationError("--state", _NO_STATE)
        try:
            super().__init__(*args, **kwargs)
        except ValueError:
            if self._reads_environment:
                check_environment(TapSettings, self._env_var_prefix)
            raise

    @cached_property
    def settings(self) -> TapSettings:
        """The settings, checked."""
        return TapSettings.from_mapping(self.config)

    @cached_property
    def account(self) -> Account:
        """The account the settings name."""
        early = self.early.taken(self.settings) if self.early and self.retry is None else None
        return early or Account(self.settings, user_agent(), self.retry)

    @cached_property
    def run(self) -> Run:
        """The run over the selected streams; it begins to read when it is first asked for."""
        self._tell_of([stream.name for stream in self.streams.values() if stream.selected])
        readings = [(stream.name, stream.reading()) for stream in self._chosen]
        run = Run(
            self.account,
            readings,
            self.progress,
            needs_zone=any(stream.has_times for stream in self._chosen),
            write_lines=self._write_lines,
            audited=self._write_audit,
        )
        for finding in () if self.input_catalog else self.discovery.findings:
            if not finding.is_sure and not finding.status.is_stream and not finding.name.startswith(RECORD_PREFIX):
                run.failed(StreamError(f"Stream {finding.name}: {finding.status.value}: {finding.note}"))
        return run

    @cached_property
    def progress(self) -> Progress:
        """How far the run over the selected streams is."""
        return Progress(self.account, [stream.name for stream in self._chosen])

    @property
    def _chosen(self) -> list[NetSuiteStream]:
        return [each for each in self.streams.values() if each.selected and isinstance(each, NetSuiteStream)]

    @classmethod
    def invoke(  # type: ignore[override]  # as the SDK does it, with the report around what asks NetSuite
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the command.

        Args:
            about: describe the settings, and nothing else.
            about_format: `json` or `markdown`.
            config: what `cb_config` has read.
            state: the file given with `--state`.
            catalog: the file given with `--catalog`.
        """
        if about or config is None:
            super().invoke(about=about, about_format=about_format, config=config, state=state, catalog=catalog)
            return
        cls.print_version(print_fn=cls.logger.info)
        tap = cls(
            config=config.config,
            state=None if state is None else load_json(state.read()),
            catalog=None if catalog is None else load_json(catalog.read()),
            parse_env_config=config.parse_env,
            validate_config=True,
            setup_mapper=False,
        )
        with tap.reported():
            tap.setup_mapper()
            tap.sync_all()

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Write the report of the run in the block, where one is wanted, however it ends."""
        path = self.settings.run_report.report
        if path is None:
            yield
            return
        watch = self.account.netsuite.transport.watch = Watch(lambda: self.account.governor.limit)
        with kept(path, lambda ending: run_report(self.__dict__.get("progress"), watch, ending)):
            yield

    def sync_all(self) -> None:  # type: ignore[misc]  # final, so that it does all it does, and so this one does
        """Read the selected streams, and show how far that is; STATE is the last line, even after a failure."""
        if not self._chosen:
            self.logger.warning("No stream is selected, so nothing is read; select streams in the catalog")
        with shown(self.progress):
            try:
                super().sync_all()
            except SuiteTalkError:
                self._end_with_state()
                raise
            self._end_with_state()

    def _end_with_state(self) -> None:
        if isinstance(self.message_writer, WholeLineWriter):
            self.message_writer.end_with_state()

    def _write_lines(self, lines: bytes) -> None:
        if isinstance(self.message_writer, WholeLineWriter):
            self.message_writer.write_lines(lines)

    @cached_property
    def discovery(self) -> Discovery:
        """What NetSuite has, found now or kept from a while ago."""
        account = self.account  # first: a key that cannot be read is not hidden by a catalog that is kept
        kept = self._cache.get()
        if kept is not None:
            return kept
        found = discover(account)
        warn_of_columns(found.findings, self.logger)
        self._cache.put(found)
        if any(map(account.facts.knows_any, FOUND_OUT)):
            account.keep()
        return found

    @cached_property
    def _cache(self) -> DiscoveryCache:
        return DiscoveryCache(self.settings)

    def _write_audit(self, audit: StreamAudit) -> None:
        stream = self.streams.get(AUDIT_STREAM)
        if isinstance(stream, AuditStream):
            stream.write(audit)

    def discover_streams(self) -> Sequence[Stream]:
        """Return the streams: those of the catalog that was given, or all there are.

        With a catalog NetSuite is not asked, so a run starts at once.
        """
        make = StreamMaker(self, self.account, lambda: self.run)
        if self.input_catalog:
            return make.of_catalog(self.input_catalog, self._given_datasets)
        return make.of_account(self.discovery.streams)

    @property
    def catalog_dict(self) -> dict[str, Any]:
        """The catalog, with the status of each stream and how its deletions are known."""
        catalog: dict[str, Any] = super().catalog_dict
        return catalog if self.input_catalog else with_metadata(catalog, stream_metadata(self.discovery))

    @property
    def catalog_json_text(self) -> str:
        """The catalog as it is written."""
        if self.input_catalog:
            return super().catalog_json_text
        _ = self.discovery  # the cache knows a catalog by what it was written for
        text = self._cache.catalog_text()
        if text is None:
            text = super().catalog_json_text
            self._cache.put_catalog_text(text)
        return text

    def run_discovery(self) -> str:
        """Write the catalog, and tell of each table whether it can be read, and if not, why.

        Raises:
            LoginRefusedError: the login is wrong, even where the catalog is kept from an earlier one.
        """
        if not self.input_catalog:
            self._check_login()
        try:
            text = super().run_discovery()
            sys.stdout.flush()
        except BrokenPipeError:
            raise ReaderLeftError from None
        findings = self._given_findings if self.input_catalog else self.discovery.findings
        if sys.stderr.isatty():
            write_table(findings, sys.stderr)
        else:
            log_findings(findings, self.logger)
        return text

    def _check_login(self) -> None:
        try:
            self.account.netsuite.system.server_time()
        except (LoginRefusedError, LoginNeededError):
            raise
        except SuiteTalkError as error:
            self.logger.debug("The login cannot be tried: %s", error)

    def _tell_of(self, streams: Sequence[str]) -> None:
        """Tell how each of these streams was found."""
        findings = list(of_streams(self._given_findings if self.input_catalog else self.discovery.findings, streams))
        log_findings(findings, self.logger)
        if not self.input_catalog:
            warn_of_datasets(self.discovery.findings, self.settings.datasets, self.logger)

    def setup_mapper(self) -> None:
        """Let record streams put into a given catalog what their settings ask for, before anyone looks at it."""
        _ = self.streams if self.input_catalog else None
        maps = [name for name in IN_USE if self.config.get(name)]
        if maps and self.config.get("batch_config"):
            raise ConfigurationError(
                maps[0], "changes nothing in BATCH files, which have the rows as they are; leave out `batch_config`."
            )
        self.mapper = Mapper(dict(self.config), self.logger) if maps else PluginMapper({}, self.logger)
        self.mapper.register_raw_streams_from_catalog(self.catalog)

    def load_state(self, state: dict[str, Any]) -> None:
        """Take a state; a whole STATE message will do.

        Raises:
            ConfigurationError: it is something else, which would mean to read everything again.
        """
        given: Any = state
        value = given.get("value") if isinstance(given, dict) and given.get("type") == "STATE" else given
        if not isinstance(value, dict) or (value and not _holds_bookmarks(value)):
            raise ConfigurationError("--state", _NO_STATE)
        super().load_state(value)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in our own words before the SDK does in those of JSON Schema."""
        if raise_errors:
            if self._reads_environment:
                check_environment(TapSettings, self._env_var_prefix)
            self._warn_of_unknown_settings()
            TapSettings.from_mapping(self.config)
            self._config = json_values(TapSettings, self.config)
            if any(self._config.get(name) is not None for name in MAP_SETTINGS):
                check_forms(self._config)
        return super()._validate_config(raise_errors=raise_errors)

    def _warn_of_unknown_settings(self) -> None:
        known: dict[str, Any] = {"properties": dict(CONFIG_SCHEMA["properties"])}
        self.append_builtin_config(known)
        names, prefix = known["properties"], self._env_var_prefix
        for stray in stray_names(names, self.config) + stray_variables(names, prefix):
            self.logger.warning("%s", stray.error)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Leave with the signal's exit code; the SDK's 0 would say that everything was read."""
        del frame
        if isinstance(self.message_writer, WholeLineWriter):
            self.message_writer.end(signum)
        else:
            sys.exit(128 + signum)


def _holds_bookmarks(state: dict[str, Any]) -> bool:
    bookmarks = state.get("bookmarks")
    return isinstance(bookmarks, dict) and all(isinstance(one, dict) for one in bookmarks.values())
