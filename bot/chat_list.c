#include "chat_list.h"

#include "chat.h"

enum {
    LINES_MAX = 2,
    LINE_BYTES = 400, /* that surely fit one line of IRC */
    MORE_BYTES = 16,  /* of them, for " | and 12 more" */
    ROOM_BYTES = 2000 /* for an item that is longer than a line; chat_say() cuts it */
};

void chat_list_begin(struct chat_list *l, struct model *m, const char *place, const char *head,
                     const char *between, size_t left)
{
    *l = (struct chat_list){.m = m, .place = place, .head = head, .between = between, .left = left};
    buf_init(&l->line, ROOM_BYTES);
}

bool chat_list_add(struct chat_list *l, const struct buf *item)
{
    if (buf_error(item)) {
        model_fail(l->m);
        return false;
    }
    if (l->line.len && l->line.len + item->len + MORE_BYTES > LINE_BYTES) {
        if (++l->lines == LINES_MAX)
            return false;
        chat_say(l->m, l->place, SAY_ANSWER, "%s", buf_str(&l->line));
        buf_clear(&l->line);
        l->items = 0;
    }
    if (!l->line.len)
        buf_adds(&l->line, l->head);
    buf_addf(&l->line, "%s%s", l->items++ ? l->between : "", buf_str(item));
    l->left--;
    return true;
}

void chat_list_end(struct chat_list *l)
{
    if (l->left)
        buf_addf(&l->line, "%s and %zu more", l->between[0] == ',' ? "" : " |", l->left);
    if (buf_error(&l->line))
        model_fail(l->m);
    else
        chat_say(l->m, l->place, SAY_ANSWER, "%s", buf_str(&l->line));
    buf_finish(&l->line);
}
