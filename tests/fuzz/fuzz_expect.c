/* Files of expectations: whatever they hold, they are taken or refused, and can be judged. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "expect.h"
#include "problems.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct expect *e, size_t index)
{
    static const enum replay_event_kind kinds[] = {REPLAY_DRAFT, REPLAY_REVISION, REPLAY_PUBLISH,
                                                   REPLAY_SAY, REPLAY_DISCARD};
    struct expect_run *run = expect_run_create(e, index);
    struct buf diff;
    size_t i, failed;

    if (!run)
        abort();
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct replay_event event = {.kind = kinds[i],
                                     .wall_ms = INT64_C(1673980495000) + (int64_t)i * 60000,
                                     .incident = 1,
                                     .title = "Errors",
                                     .body = "",
                                     .impact = IMPACT_MAJOR,
                                     .step = STEP_IDENTIFIED,
                                     .components = "partial_outage Editing",
                                     .page = "",
                                     .channel = "",
                                     .rule = "errors",
                                     .text = ""};

        expect_run_event(run, &event);
    }
    buf_init(&diff, 1 << 20);
    if (expect_judge(run, INT64_C(1673980495000), &diff, &failed))
        abort();
    buf_finish(&diff);
    expect_run_destroy(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems;
    struct expect *e;
    size_t i;

    problems_init(&problems);
    if (!expect_parse("x", size ? (const char *)data : "", size, &problems, &e)) {
        for (i = 0; i < e->n && i < 100; i++)
            if (!e->scenario[i].wrong)
                judge(e, i);
        expect_destroy(e);
    }
    problems_finish(&problems);
    return 0;
}
