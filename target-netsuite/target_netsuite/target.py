"""TargetNetSuite: the Singer side. Settings and messages in, STATE and an exit code out."""

from __future__ import annotations

import copy
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import IO, Any, ClassVar, TypeVar

import click
import msgspec
from singer_sdk.exceptions import RecordsWithoutSchemaException
from singer_sdk.mapper import PluginMapper, RemoveRecordTransform, StreamMap
from singer_sdk.sinks import RecordSink

from suitetalk import ConfigurationError, Governor, NetSuite, RetryPolicy, governor_for
from suitetalk.descriptions import check_environment, json_values, stray_names, stray_variables
from suitetalk.report import Watch, kept
from suitetalk.stream_maps import IN_USE, MAP_SETTINGS, Mapper, StreamMapError, check_forms
from target_netsuite.child_streams import ChildStreams
from target_netsuite.errors import (
    InvalidRecordError,
    MessageError,
    StateReaderLeftError,
    TargetError,
    UnknownRecordTypeError,
)
from target_netsuite.interruption import InterruptibleLimiter, Interruption
from target_netsuite.mapping.catalog import Catalog, RecordShape
from target_netsuite.mapping.record import RecordMapping
from target_netsuite.mapping.values import FormOptions
from target_netsuite.messages import UNREADABLE, MessageReader, fault_of, with_replacements
from target_netsuite.mirror import Mirror, MirrorKeys, mirror_of
from target_netsuite.replay import STREAM_MAP_FAILED, WITHOUT_EFFECT, Replay
from target_netsuite.reporting.progress import Progress, run_report, shown
from target_netsuite.reporting.report import Report
from target_netsuite.run import Run, begin_run
from target_netsuite.settings import (
    CONFIG_JSONSCHEMA,
    Settings,
    StreamSettings,
    with_dots,
)
from target_netsuite.sinks import ChildSink, NetSuiteSink, SinkTarget, StreamSink

_WITHOUT_EFFECT_HERE = ("add_record_metadata", "batch_size_rows")
_Sink = TypeVar("_Sink", bound=StreamSink)
_TRUE = ("true", "1", "yes", "on")
_STATE_ENCODER = msgspec.json.Encoder(decimal_format="number")


class TargetNetSuite(SinkTarget):
    """Writes records to Oracle NetSuite: create, update, upsert, delete, inactivate, mirror."""

    # A STATE is passed on when every record before it is settled: written, or refused and reported. The SDK's own
    # STATE, which it also writes when it is interrupted, is not used.

    name = "target-netsuite"
    package_name = "netsuite-singer"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_JSONSCHEMA
    default_sink_class = NetSuiteSink
    retry: RetryPolicy | None = None

    def __init__(self, *, parse_env_config: bool = False, replay: Path | None = None, **options: Any) -> None:
        """Check the settings, read the key and open the files; nothing is sent yet.

        Args:
            parse_env_config: whether to take settings from environment variables too.
            replay: a file of rejects whose records are the input.
            options: the SDK's other options.

        Raises:
            ConfigurationError: a setting is missing or wrong; the text names it.
            ReportFileError: a file of rejects, receipts or differences cannot be used.
        """
        self.interruption = Interruption()
        self._is_replay = replay is not None
        self._reads_environment = parse_env_config
        options.setdefault("message_reader", MessageReader(self._stop))
        try:
            super().__init__(parse_env_config=parse_env_config, **options)
        except ValueError:
            if parse_env_config:
                check_environment(Settings, self._env_var_prefix)
            raise
        rejects = None if self.settings.report.dry_run else self.settings.report.rejects
        say_operations = {name for name, stream in self.settings.streams.items() if stream.operation_column}
        self.replay = Replay(replay, rejects, say_operations) if replay else None
        self.report = Report(self.logger, self.settings.report, self.replay.keeper if self.replay else None)
        streams = self.settings.streams
        has_children = any(sublist.stream for stream in streams.values() for sublist in stream.sublists.values())
        self.child_streams = ChildStreams(streams) if has_children else None
        self.numbers: Counter[str] = Counter()
        self.warned: set[str] = set()
        self.mirror_streams = [mirror_of(stream, self.settings) for stream in streams.values() if stream.mirror]
        self.max_parallelism = 1  # sinks hold nothing back, so there is nothing to drain in threads

    @cached_property
    def governor(self) -> Governor:
        """How many requests may be in flight."""
        return governor_for(self.settings.connection)

    @cached_property
    def netsuite(self) -> NetSuite:
        """The connection.

        Raises:
            ConfigurationError: the private key cannot be used.
        """
        connection = self.settings.connection
        retry = self.retry or RetryPolicy(busy_patience=connection.busy_patience)
        return NetSuite(
            connection,
            limiter=InterruptibleLimiter(self.governor, self.interruption),
            retry=replace(retry, sleep=self.interruption.sleep),
            user_agent=f"{self.name}/{self.plugin_version}",
            metadata_age=self.settings.metadata_age,
        )

    @cached_property
    def mirror_keys(self) -> MirrorKeys:
        """What came in the streams that are mirrors."""
        return MirrorKeys()

    @cached_property
    def catalog(self) -> Catalog:
        """What NetSuite's catalog says of record types."""
        return Catalog(self.netsuite)

    @cached_property
    def run(self) -> Run:
        """What carries out the intents; what the last run left open is settled when this is first asked for.

        Raises:
            TargetError: that cannot be settled, or the journal cannot be used.
            ConfigurationError: the settings of a stream cannot be used, even of one that has not come yet.
        """
        for stream in self.settings.streams.values():
            self.mapping_of(stream, {})
        return begin_run(
            self.netsuite,
            self.governor,
            self.settings,
            self._given_streams,
            report=self.report,
            catalog=self.catalog,
            pass_state=self._pass_state,
            stop=self.interruption.ended,
        )

    def mapping_of(self, settings: StreamSettings, schema: Mapping[str, Any]) -> RecordMapping:
        """Return what makes intents of a stream's records.

        Raises:
            ConfigurationError: there is no such record type, or its settings name fields that it does not have.
        """

        def made(shape: RecordShape | None) -> RecordMapping:
            return RecordMapping(
                settings,
                schema,
                shape,
                FormOptions(self.netsuite.records),
                check_names=self.settings.name_validation == "error",
                check_values=self.settings.value_validation == "error",
            )

        try:
            mapping = made(self.catalog.of(settings.record_type))
            if mapping.has_unknown_names():
                mapping = made(self.catalog.again(settings.record_type))
        except UnknownRecordTypeError as error:
            raise ConfigurationError(f"streams.{settings.stream}.record_type", str(error)) from None
        mapping.check_settings()
        return mapping

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command with one more option."""
        command = super().get_singer_command()
        command.params.append(
            click.Option(
                ["--replay"],
                help="Send the records of a file of rejects again, instead of reading messages.",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
            )
        )
        return command

    @classmethod
    def invoke(  # type: ignore[override]  # as the SDK does it, with one more option
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        file_input: IO[str] | None = None,
        replay: Path | None = None,
    ) -> None:
        """Run the command.

        Args:
            about: describe the settings, and nothing else.
            about_format: `json` or `markdown`.
            config: what `cb_config` has read.
            file_input: what to read instead of the standard input.
            replay: a file of rejects to send again instead.
        """
        if about or config is None:
            super().invoke(about=about, about_format=about_format, config=config, file_input=file_input)
            return
        cls.print_version(print_fn=cls.logger.info)
        target = cls(config=config.config, validate_config=True, parse_env_config=config.parse_env, replay=replay)
        with (
            target.reported(),
            shown(Progress(target.report, target.governor, lambda: target.netsuite.transport.traffic)),
        ):
            target.listen(target.replay.begin(target.report) if target.replay else file_input)

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Write the report of the run in the block, where one is wanted, however it ends."""
        path = self.settings.report.report
        if path is None:
            yield
            return
        watch = self.netsuite.transport.watch = Watch(lambda: self.governor.limit)
        with kept(path, lambda ending: run_report(self.report, watch, ending)):
            yield

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the configuration files named on the command line.

        Raises:
            TargetError: one is missing, or holds no JSON object.
        """
        try:
            return super().cb_config(ctx, param, value)
        except (OSError, ValueError, TypeError) as error:
            raise TargetError(f"`--config` names a file that cannot be used: {str(error).rstrip('.')}.") from None

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings, without those that would do nothing here."""
        super().append_builtin_config(config_jsonschema)
        for name in _WITHOUT_EFFECT_HERE:
            config_jsonschema["properties"].pop(name, None)

    def get_sink_class(self, stream_name: str) -> type[RecordSink]:
        """Return the class of a stream's sink: lines of another stream's records are only kept."""
        is_child = self.child_streams and self.child_streams.is_child(stream_name)
        return ChildSink if is_child else NetSuiteSink

    def process_endofpipe(self) -> None:
        """See to what waited for the end of the input, and say what became of the records.

        Raises:
            RecordsRefusedError: more were refused than may be.
            MirrorError: a mirror deletes nothing, for a reason that somebody has to look at.
        """
        super().process_endofpipe()
        mirror = Mirror(self.netsuite.suiteql, self.mirror_keys, self.logger) if self.mirror_streams else None
        try:
            self._process_waiting()
            self.run.finish()
            if mirror and not self.replay:  # a replay brings a part of the records only
                for intent in mirror.intents(self.mirror_streams):
                    self.run.put(intent)
                self.run.finish()
        except BaseException as error:
            self._stop(error)
            raise
        self._close(is_complete=True)
        if mirror:
            mirror.check()
        self.report.check()

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in words of our own, and leave what is not ours to the SDK."""
        if raise_errors:
            self._check_names()
        self._config = json_values(Settings, with_dots(self._config))
        if self._is_replay:
            self._config = {name: value for name, value in self._config.items() if name not in WITHOUT_EFFECT}
        if raise_errors:
            if self._reads_environment:
                check_environment(Settings, self._env_var_prefix)
            self.settings = Settings.from_mapping(self._config)
            # The SDK adds defaults to the streams, which the name of the journal must not depend on.
            self._given_streams = copy.deepcopy(self._config["streams"])
            if any(self._config.get(name) is not None for name in MAP_SETTINGS):
                check_forms(self._config)
            _ = self.netsuite  # reads the key
        return super()._validate_config(raise_errors=raise_errors)

    def _check_names(self) -> None:
        """Refuse a name that may be a misspelt setting: without it the run could write what it should not.

        Variables count even where settings are not taken from them, as under Meltano, which passes on those it knows.

        Raises:
            ConfigurationError: there is such a name.
        """
        schema: dict[str, Any] = {"properties": dict(CONFIG_JSONSCHEMA["properties"])}
        self.append_builtin_config(schema)
        known = schema["properties"]
        stray = stray_names(known, self._config) + stray_variables(known, self._env_var_prefix)
        of_streams = known["streams"]["additionalProperties"]["properties"]
        for each in stray:
            if each.meant:
                raise each.error
            if each.name in of_streams and not each.prefix:
                raise ConfigurationError(each.name, "is one of a stream; move it into `streams.<name of the stream>`.")
            self.logger.warning("%s", each.error)
        if not self._reads_environment:
            for name in known.keys() - self._config.keys():
                variable = f"{self._env_var_prefix}{name.upper()}"
                text = os.environ.get(variable, "")
                if name == "dry_run" and text.strip().lower() in _TRUE:
                    raise ConfigurationError(
                        name,
                        f"is {text} in the environment variable {variable}, which is not read with --config FILE: set "
                        "it in the file, or remove the variable.",
                    )
                if text:
                    self.logger.warning(
                        "%s is set, but not read; add `--config=ENV` to take settings from it.", variable
                    )

    def setup_mapper(self) -> None:
        """Make the stream maps, for records that may lack columns, with errors that say where they failed."""
        in_use = any(self.config.get(name) for name in IN_USE)
        self.mapper = Mapper(dict(self.config), self.logger) if in_use else PluginMapper({}, self.logger)

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        stream, schema = message_dict["stream"], message_dict["schema"]
        if not isinstance(schema.get("properties"), dict):  # a schema may say nothing of the columns
            schema = {**schema, "properties": {}}
        self.mapper.register_raw_stream_schema(stream, schema, message_dict.get("key_properties"))
        if isinstance(self.mapper, Mapper):
            self.mapper.check_names(self.mapper.stream_maps)
        for stream_map in self.mapper.stream_maps[stream]:
            if not isinstance(stream_map, RemoveRecordTransform):
                self.get_sink(
                    stream_map.stream_alias,
                    schema=self._known_schema(stream_map),
                    key_properties=stream_map.transformed_key_properties or [],
                )

    def _known_schema(self, stream_map: StreamMap) -> dict[str, Any]:
        if isinstance(self.mapper, Mapper):
            return self.mapper.known_schema(stream_map)
        return copy.deepcopy(stream_map.transformed_schema)

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        """Take one record.

        The SDK's way strips `_sdc_deleted_at`, turns dates it cannot read into an end of the run, and ends it
        at an invalid record or a missing key as well.
        """
        stream = message_dict["stream"]
        if stream not in self.mapper.stream_maps:
            raise RecordsWithoutSchemaException(f"A record of stream `{stream}` came before the stream's schema.")
        names = ("version", UNREADABLE, *(("operation",) if self.replay else ()))
        context: dict[str, Any] = {name: message_dict[name] for name in names if name in message_dict}
        for stream_map in self.mapper.stream_maps[stream]:
            self._take(stream_map, message_dict["record"], context)

    def _take(self, stream_map: StreamMap, record: dict[str, Any], context: dict[str, Any]) -> None:
        if isinstance(stream_map, RemoveRecordTransform):
            return
        sink = self._sink(stream_map.stream_alias, StreamSink)  # type: ignore[type-abstract]  # it is only compared
        self.report.take(sink.stream_name)
        if self.mirror_streams:
            self.mirror_keys.goes_on(sink.stream_name)
        try:
            mapped = stream_map.transform(copy.copy(record))
        except StreamMapError as error:
            sink.refuse(record, InvalidRecordError("", str(error)), STREAM_MAP_FAILED)
            return
        if mapped is None:
            return
        if UNREADABLE in context:
            may_replace = self.settings.invalid_text == "replace"
            mapped = with_replacements(mapped) if may_replace else mapped
            fault = fault_of(mapped, "" if may_replace else context[UNREADABLE])
            if fault:
                sink.refuse_unreadable(mapped, fault, context)
                return
        sink.process_record(mapped, context)
        sink.record_counter_metric.increment()

    def _process_waiting(self) -> None:
        """Take the records that waited for their lines, and refuse lines without a record."""
        children = self.child_streams
        if children is None:
            return
        for stream, number, record in children.parents():
            self._sink(stream, NetSuiteSink).process_waiting(record, number, children)
        for stream, row in children.left_over():
            self._sink(stream, ChildSink).refuse_orphan(row)

    def _sink(self, stream: str, kind: type[_Sink]) -> _Sink:
        sink = self.get_sink(stream)
        if not isinstance(sink, kind):
            raise TypeError(f"{stream} has a {type(sink).__name__}")  # see get_sink_class
        return sink

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Take a STATE, which is passed on when all records before it are settled."""
        if self.mirror_streams:
            self.mirror_keys.take_state(message_dict["value"])
        self.run.take_state(
            message_dict["value"], at_the_end=self.child_streams is not None and self.child_streams.are_waiting
        )

    def _pass_state(self, value: Any) -> None:
        with self.interruption.shielded():
            try:
                sys.stdout.write(_STATE_ENCODER.encode(value).decode() + "\n")
                sys.stdout.flush()
            except BrokenPipeError:
                raise StateReaderLeftError("Nobody reads the STATE any more.") from None

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        stream, version = message_dict["stream"], message_dict.get("version")
        names = [stream_map.stream_alias for stream_map in self.mapper.stream_maps.get(stream, ())] or [stream]
        mirrors = [name for name in names if name in self.settings.streams and self.settings.streams[name].mirror]
        if isinstance(version, int):
            for name in mirrors:
                self.mirror_keys.activate(name, version)
        if not mirrors:
            self.logger.info(
                "ACTIVATE_VERSION of stream `%s` is ignored: only a mirror deletes what no longer comes.", stream
            )

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        raise MessageError(
            f"Stream `{message_dict['stream']}` comes in BATCH messages, which this target does not read; "
            "take `batch_config` out of the tap's settings."
        )

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the SDK's shape
        """Stop sending; unlike the SDK's way, nothing is acknowledged and the exit code says so."""
        self.interruption.handle(signum)

    def _stop(self, error: BaseException) -> None:
        """Say how far it went when it goes no further."""
        if isinstance(error, SystemExit):
            self.logger.warning("Interrupted by signal %d; no further record is sent.", self.interruption.signal)
        elif isinstance(error, Exception) and "run" in self.__dict__:
            with suppress(Exception):  # what came before a broken line is as good as ever; what failed fails again
                self.run.drain()
        self.interruption.end()
        self._close(is_complete=False)

    def _close(self, *, is_complete: bool) -> None:
        try:
            if "run" in self.__dict__:
                self.run.close(is_complete=is_complete)
        finally:
            if self.child_streams:
                self.child_streams.close()
            self.netsuite.transport.close()
            self.report.close()
            if self.replay:
                self.replay.close()
