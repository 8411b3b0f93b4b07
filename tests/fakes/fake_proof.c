#include "fake_proof.h"

#include <stdio.h>
#include <string.h>

enum { STEP_MS = 30 * 1000 };

char *fake_proof_code(const struct fake_proof *f, int64_t wall_ms, char *dst)
{
    (void)snprintf(dst, 7, "%06u", (unsigned)(wall_ms / STEP_MS + f->plus) % 1000000U);
    return dst;
}

void fake_proof_check(void *ctx, const struct proof_request *req, struct proof_answer *ret)
{
    struct fake_proof *f = ctx;
    bool enrolled = false;
    char code[7];
    size_t i;
    int64_t d;

    f->checks++;
    *ret = (struct proof_answer){.id = req->id, .result = PROOF_ABSENT, .key = ""};
    for (i = 0; i < sizeof f->person / sizeof f->person[0] && f->person[i]; i++)
        enrolled = enrolled || !strcmp(f->person[i], req->person);
    if (f->broken)
        ret->result = PROOF_BROKEN;
    else if (enrolled)
        ret->result = PROOF_WRONG;
    for (d = -1; ret->result == PROOF_WRONG && d <= 1; d++) {
        int64_t at = req->wall_ms + d * STEP_MS;

        if (strcmp(*req->next ? req->next : req->code, fake_proof_code(f, at, code)) != 0 ||
            (*req->next && strcmp(req->code, fake_proof_code(f, at - STEP_MS, code)) != 0))
            continue;
        ret->result = PROOF_RIGHT;
        ret->step = at / STEP_MS;
        ret->key = f->key ? f->key : "k1";
    }
}
