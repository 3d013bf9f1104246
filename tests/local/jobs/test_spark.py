"""How Spark is started."""

import shlex

from criba.local.jobs import spark


def test_a_session_listens_on_this_machine_only_and_keeps_its_files_below_the_run(tmp_path):
    variables = spark.environment(tmp_path, {"spark.sql.ansi.enabled": "true"}, None)
    given = dict(line.split(" ", 1) for line in (tmp_path / "spark.properties").read_text().splitlines())
    assert variables["SPARK_LOCAL_IP"] == given["spark.driver.host"] == given["spark.driver.bindAddress"] == "127.0.0.1"
    assert given["spark.sql.ansi.enabled"] == "true"
    assert given["spark.local.dir"].startswith(str(tmp_path))
    assert str(tmp_path / "spark.properties") in shlex.split(variables["PYSPARK_SUBMIT_ARGS"])


def test_a_jobs_own_setting_replaces_ours(tmp_path):
    spark.environment(tmp_path, {"spark.driver.memory": "3g"}, None)
    given = [line for line in (tmp_path / "spark.properties").read_text().splitlines() if "driver.memory" in line]
    assert given == ["spark.driver.memory 3g"]


def test_an_archive_of_another_installation_is_not_used(tmp_path):
    (tmp_path / "0123456789abcdef.jsa").touch()
    assert spark.existing_archive(tmp_path) is None
