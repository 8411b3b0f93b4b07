/* Requests and answers as a handler sees them; httpd.c moves them. */
#include "httpd.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"

/* ---- the answer ------------------------------------------------------------------------------ */

void httpd_response_init(struct httpd_response *res)
{
    memset(res, 0, sizeof *res);
    res->status = 200;
    res->cut_bytes = -1;
    buf_init(&res->body, HTTPD_ANSWER_MAX);
}

void httpd_response_finish(struct httpd_response *res)
{
    size_t i;

    for (i = 0; i < res->n_fields; i++) {
        free(res->field[i].name);
        free(res->field[i].value);
    }
    res->n_fields = 0;
    buf_finish(&res->body);
}

void httpd_response_clear(struct httpd_response *res)
{
    httpd_response_finish(res);
    httpd_response_init(res);
}

static bool field_is_clean(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    return true;
}

void httpd_response_field(struct httpd_response *res, const char *name, const char *value)
{
    char *n, *v;

    if (res->err)
        return;
    if (res->n_fields == HTTPD_ANSWER_FIELDS_MAX) {
        res->err = CRIER_ELIMIT;
        return;
    }
    if (!*name || !field_is_clean(name) || !field_is_clean(value)) {
        res->err = CRIER_EINVAL;
        return;
    }
    n = strdup(name);
    v = strdup(value);
    if (!n || !v) {
        free(n);
        free(v);
        res->err = CRIER_ENOMEM;
        return;
    }
    res->field[res->n_fields].name = n;
    res->field[res->n_fields].value = v;
    res->n_fields++;
}

void httpd_response_text(struct httpd_response *res, int status, const char *content_type,
                         const char *text)
{
    res->status = status;
    if (content_type)
        httpd_response_field(res, "Content-Type", content_type);
    buf_adds(&res->body, text);
}

int httpd_response_error(const struct httpd_response *res)
{
    return res->err ? res->err : buf_error(&res->body);
}

/* ---- the request ----------------------------------------------------------------------------- */

const char *httpd_request_field(const struct httpd_request *req, const char *name)
{
    size_t i;

    for (i = 0; i < req->n_fields; i++)
        if (!strcasecmp(req->field[i].name, name))
            return req->field[i].value;
    return NULL;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *httpd_decode(const char *text, size_t n, bool plus, int *ret_err)
{
    char *out = malloc(n + 1);
    size_t i, used = 0;

    if (!out) {
        *ret_err = CRIER_ENOMEM;
        return NULL;
    }
    for (i = 0; i < n; i++) {
        char c = text[i];

        if (c == '%') {
            int high = n - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text[i + 2]) : -1;

            if (low < 0 || !(high | low)) {
                free(out);
                *ret_err = CRIER_EINVAL;
                return NULL;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return out;
}

int httpd_request_query(const struct httpd_request *req, const char *name, char **ret_value)
{
    const char *p = req->query;

    while (*p) {
        size_t n = strcspn(p, "&");
        const char *eq = memchr(p, '=', n);
        size_t name_bytes = eq ? (size_t)(eq - p) : n;
        int err = 0;
        char *found = httpd_decode(p, name_bytes, true, &err);
        bool match;

        if (!found)
            return err;
        match = !strcmp(found, name);
        free(found);
        if (match) {
            char *value = eq ? httpd_decode(eq + 1, n - name_bytes - 1, true, &err) : strdup("");

            if (!value)
                return err ? err : CRIER_ENOMEM;
            *ret_value = value;
            return 0;
        }
        p += n;
        if (*p)
            p++;
    }
    return CRIER_ENOENT;
}
