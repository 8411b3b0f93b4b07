#include "run_board.h"

#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "buf.h"
#include "chronicle.h"
#include "engine.h"
#include "err.h"
#include "report.h"

enum {
    OPEN_MAX = 100,
    LIST_MAX = 60, /* newest incidents that are looked at for those that are over */
    ENOUGH = 1     /* what a row function says to end a reading */
};

/* ---- rows ------------------------------------------------------------------------------------ */

/* Chronicles of all that is open, from memory. */
struct open_list {
    struct chronicle *item;
    size_t n, cap;
    int64_t only; /* not 0: this incident alone */
    bool skip;    /* the rows that come are of another one */
};

static int take_open(void *ctx, enum record_table t, const void *record)
{
    struct open_list *l = ctx;
    struct chronicle *grown;

    if (t == RECORD_INCIDENT) {
        l->skip = l->n == OPEN_MAX || (l->only && record_id(record) != l->only);
        if (l->skip)
            return 0;
        grown = array_grow(l->item, &l->cap, l->n + 1, sizeof *grown, OPEN_MAX);
        if (!grown)
            return CRIER_ENOMEM;
        l->item = grown;
        chronicle_init(&l->item[l->n++]);
    }
    return l->skip ? 0 : chronicle_take(&l->item[l->n - 1], t, record);
}

static void open_list_finish(struct open_list *l)
{
    size_t i;

    for (i = 0; i < l->n; i++)
        chronicle_finish(&l->item[i]);
    free(l->item);
}

/* Of what is in memory already only the timeline is wanted. */
static int take_timeline(void *ctx, enum record_table t, const void *record)
{
    return t == RECORD_TIMELINE ? chronicle_take(ctx, t, record) : 0;
}

/* Of what is over all but the timeline, which comes last and may be long. */
static int take_head(void *ctx, enum record_table t, const void *record)
{
    return t == RECORD_TIMELINE ? ENOUGH : chronicle_take(ctx, t, record);
}

static int by_newest(const void *a, const void *b)
{
    const struct chronicle *x = a, *y = b;

    return x->incident.id < y->incident.id ? 1 : x->incident.id > y->incident.id ? -1 : 0;
}

/* What is open, newest first. view->sick is set when the database does not give their timelines. */
static int read_open(const struct run_board *b, int64_t only, struct board_view *view,
                     struct open_list *ret)
{
    const struct store_port *store = &b->courier->store;
    size_t i;
    int err;

    *ret = (struct open_list){.only = only};
    err = engine_visit_open(b->courier->engine, take_open, ret);
    if (ret->n > 1)
        qsort(ret->item, ret->n, sizeof *ret->item, by_newest);
    for (i = 0; i < ret->n && !err; i++) {
        struct chronicle *c = &ret->item[i];

        if (!view->sick && i < BOARD_PICTURES) {
            err = store->read(store->ctx, c->incident.id, take_timeline, c);
            if (err && err != CRIER_ENOMEM) {
                view->sick = true;
                err = 0;
            }
        }
        chronicle_sort(c);
    }
    return err;
}

/* What is over, newest first. @return how many are in ended, which has room for BOARD_ENDED. */
static size_t read_ended(const struct run_board *b, struct board_view *view,
                         struct chronicle *ended)
{
    const struct store_port *store = &b->courier->store;
    struct chronicle_list list;
    size_t i, n = 0;

    chronicle_list_init(&list);
    if (!view->sick && store->incidents(store->ctx, LIST_MAX, chronicle_list_take, &list))
        view->sick = true;
    for (i = 0; i < list.n && n < BOARD_ENDED && !view->sick; i++) {
        int err;

        if (board_is_open(&list.incident[i]))
            continue;
        chronicle_init(&ended[n]);
        err = store->read(store->ctx, list.incident[i].id, take_head, &ended[n]);
        n++;
        if (err && err != ENOUGH)
            view->sick = true;
        else
            chronicle_sort(&ended[n - 1]);
    }
    chronicle_list_finish(&list);
    if (view->sick) /* half a list would look like a whole one */
        while (n)
            chronicle_finish(&ended[--n]);
    return n;
}

/* ---- answers --------------------------------------------------------------------------------- */

static struct board_view view_of(const struct run_board *b, const struct httpd_request *req)
{
    return (struct board_view){.now_wall_ms = req->now.wall_ms,
                               .prefix = b->settings->chat.prefix,
                               .sick = b->courier->sick};
}

static int answer(struct httpd_response *res, int status, const char *content_type)
{
    httpd_response_text(res, status, content_type, NULL);
    httpd_response_field(res, "Content-Security-Policy", board_policy);
    httpd_response_field(res, "X-Frame-Options", "DENY");
    return httpd_response_error(res);
}

static int answer_html(struct httpd_response *res, int status)
{
    return answer(res, status, "text/html; charset=utf-8");
}

static int answer_message(struct httpd_response *res, const struct board_view *view, int status,
                          const char *title, const char *sentence)
{
    board_message(&res->body, view, title, sentence);
    return answer_html(res, status);
}

static int home(void *ctx, const struct httpd_request *req, const char *rest,
                struct httpd_response *res)
{
    const struct run_board *b = ctx;
    struct board_view view = view_of(b, req);
    struct chronicle ended[BOARD_ENDED];
    struct open_list open;
    struct buf planned;
    size_t i, n = 0;
    int err = read_open(b, 0, &view, &open);

    (void)rest;
    buf_init(&planned, BOARD_BYTES_MAX);
    engine_planned(b->courier->engine, &planned);
    if (!err)
        err = buf_error(&planned);
    view.planned = buf_str(&planned);
    if (!err) {
        n = read_ended(b, &view, ended);
        board_home(&res->body, &view, open.item, open.n, ended, n);
        err = answer_html(res, 200);
    }
    for (i = 0; i < n; i++)
        chronicle_finish(&ended[i]);
    buf_finish(&planned);
    open_list_finish(&open);
    return err;
}

enum form { FORM_PAGE, FORM_WIKITEXT, FORM_MARKDOWN, FORM_JSON, FORM_SVG, FORMS };

/* "7" or "7.json". @return false when it is neither. */
static bool parse_name(const char *rest, int64_t *ret_id, enum form *ret_form)
{
    static const char *const ends[FORMS] = {"", ".wikitext", ".md", ".json", ".svg"};
    size_t n = strspn(rest, "0123456789"), i;
    int form;

    *ret_id = 0;
    if (!n || n > 15)
        return false;
    for (i = 0; i < n; i++)
        *ret_id = *ret_id * 10 + (rest[i] - '0');
    for (form = 0; form < FORMS; form++)
        if (!strcmp(rest + n, ends[form])) {
            *ret_form = (enum form)form;
            return *ret_id > 0;
        }
    return false;
}

static int answer_form(const struct run_board *b, const struct board_view *view,
                       const struct chronicle *c, enum form form, struct httpd_response *res)
{
    static const struct {
        enum report_format format;
        const char *content_type;
    } files[FORMS] = {
        [FORM_WIKITEXT] = {REPORT_WIKITEXT, "text/plain; charset=utf-8"},
        [FORM_MARKDOWN] = {REPORT_MARKDOWN, "text/plain; charset=utf-8"},
        [FORM_JSON] = {REPORT_JSON, "application/json"},
        [FORM_SVG] = {REPORT_SVG, "image/svg+xml; charset=utf-8"},
    };
    int err;

    if (form == FORM_PAGE) {
        board_incident(&res->body, view, c);
        return answer_html(res, 200);
    }
    err = report_write(&res->body, c, b->settings, files[form].format, view->now_wall_ms);
    if (err != CRIER_ELIMIT)
        return err ? err : answer(res, 200, files[form].content_type);
    buf_clear(&res->body); /* the fields that every answer has stay */
    return answer_message(res, view, 500, "Too long",
                          "This file is too long to be served; `crier report` writes it.");
}

/* One incident while the database does not answer: it is in memory as long as it is open. */
static int from_memory(const struct run_board *b, struct board_view *view, int64_t id,
                       enum form form, struct httpd_response *res)
{
    struct open_list open;
    int err = read_open(b, id, view, &open);

    if (!err && open.n && form == FORM_PAGE)
        err = answer_form(b, view, &open.item[0], form, res);
    else if (!err)
        err = answer_message(res, view, 503, "Not now",
                             "What is stored of this incident cannot be read at the moment.");
    open_list_finish(&open);
    return err;
}

static int incident(void *ctx, const struct httpd_request *req, const char *rest,
                    struct httpd_response *res)
{
    const struct run_board *b = ctx;
    const struct store_port *store = &b->courier->store;
    struct board_view view = view_of(b, req);
    struct chronicle c;
    enum form form = FORM_PAGE;
    int64_t id = 0;
    int err = 0;

    if (!parse_name(rest, &id, &form))
        return answer_message(res, &view, 404, "Not found", "There is no such page.");
    chronicle_init(&c);
    if (!view.sick) {
        err = store->read(store->ctx, id, chronicle_take, &c);
        view.sick = err && err != CRIER_ENOMEM;
    }
    if (view.sick) {
        err = from_memory(b, &view, id, form, res);
    } else if (!err && c.incident.id != id) {
        err = answer_message(res, &view, 404, "Not found", "There is no incident of this number.");
    } else if (!err) {
        chronicle_sort(&c);
        err = answer_form(b, &view, &c, form, res);
    }
    chronicle_finish(&c);
    return err;
}

void run_board_start(struct run_board *b, struct web *web, const struct courier *courier,
                     const struct settings *settings)
{
    *b = (struct run_board){.courier = courier, .settings = settings};
    web_route(web, "GET", "/", WEB_READERS, home, b);
    web_route(web, "GET", "/incident/*", WEB_READERS, incident, b);
}

void run_board_reload(struct run_board *b, const struct settings *settings)
{
    b->settings = settings;
}
