import asyncio
import json
from contextlib import suppress

from gtc_runtime.load.figures.request_log import RequestLog, older, read
from gtc_runtime.load.records import Outcome, RequestRecord


def record(number: int = 0, detail: str = "") -> RequestRecord:
    return RequestRecord(
        workload="chat",
        turn=2,
        due_s=float(number),
        prompt_tokens=100,
        send_s=number + 0.001,
        first_s=number + 0.3,
        last_s=number + 0.9,
        tokens=12,
        outcome=Outcome.OK,
        detail=detail,
    )


def test_a_finished_request_is_one_line_with_its_times_and_counts(tmp_path):
    log = RequestLog(tmp_path / "deep" / "requests-0.ndjson")
    log.add(record(7))
    log.write()
    [line] = (tmp_path / "deep" / "requests-0.ndjson").read_text().splitlines()
    told = json.loads(line)
    assert (told["key"], told["turn"], told["outcome"]) == ("chat_turn2plus", 2, "ok")
    assert (told["due_s"], told["send_s"], told["first_s"], told["last_s"]) == (7, 7.001, 7.3, 7.9)
    assert (told["prompt_tokens"], told["tokens"]) == (100, 12)


def test_two_files_of_bounded_size_hold_the_newest_requests(tmp_path):
    path = tmp_path / "requests-0.ndjson"
    log = RequestLog(path, bytes_max=2_000)
    for number in range(100):
        log.add(record(number))
        if number % 7 == 0:
            log.write()
    log.write()
    assert path.stat().st_size <= 2_000
    assert older(path).stat().st_size <= 2_000
    kept = [each["due_s"] for each in read(path)]
    assert kept == [float(number) for number in range(100 - len(kept), 100)]
    assert len(kept) > 7


def test_a_burst_that_is_larger_than_a_file_rotates_within_one_write(tmp_path):
    path = tmp_path / "requests-0.ndjson"
    log = RequestLog(path, bytes_max=1_000)
    for number in range(60):
        log.add(record(number))
    log.write()
    assert {name.name for name in tmp_path.iterdir()} == {path.name, older(path).name}
    assert read(path)[-1]["due_s"] == 59


async def test_what_was_added_last_is_written_when_the_log_ends(tmp_path):
    path = tmp_path / "requests-0.ndjson"
    log = RequestLog(path)
    task = asyncio.create_task(log.keep_writing())
    await asyncio.sleep(0)
    log.add(record())
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert len(read(path)) == 1


def test_a_disk_that_refuses_ends_the_log_with_one_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    log = RequestLog(tmp_path / "file" / "requests-0.ndjson")
    for _ in range(3):
        log.add(record())
        log.write()
    assert [
        each.message for each in caplog.records if "no more requests are logged" in each.message
    ]
    assert len(caplog.records) == 1


def test_a_token_that_the_server_repeats_is_not_written(tmp_path):
    path = tmp_path / "requests-0.ndjson"
    log = RequestLog(path, secret="sk-1234")
    log.add(record(detail="401: bad key sk-1234"))
    log.write()
    assert read(path)[0]["detail"] == "401: bad key ***"


def test_a_line_that_was_cut_or_is_no_record_is_left_out(tmp_path):
    path = tmp_path / "requests-0.ndjson"
    path.write_text('{"due_s":1}\n' + "[" * 99_999 + '\n{"due_s":')
    assert read(path) == [{"due_s": 1}]
