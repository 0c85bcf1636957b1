import type { FullConfig, FullResult, Reporter, Suite } from "@playwright/test/reporter";

/** Says at the end what `cargo test` says, so that `x` counts both alike. A test that did not get its turn was skipped. */
export default class Count implements Reporter {
  private suite?: Suite;

  onBegin(_config: FullConfig, suite: Suite) {
    this.suite = suite;
  }

  onEnd(result: FullResult) {
    const outcomes = this.suite?.allTests().map((test) => (test.results.length ? test.outcome() : "skipped")) ?? [];
    const count = (...wanted: string[]) => outcomes.filter((outcome) => wanted.includes(outcome)).length;
    const word = result.status === "passed" ? "ok" : "FAILED";
    console.log(
      `test result: ${word}. ${count("expected", "flaky")} passed; ${count("unexpected")} failed; ${count("skipped")} ignored`,
    );
  }

  printsToStdio() {
    return false;
  }
}
