#include "json_out.h"

#include "components.h"
#include "report_text.h"
#include "when.h"

void json_out_open(struct json_out *j, char bracket)
{
    if (j->more)
        buf_addc(j->b, ',');
    buf_addc(j->b, bracket);
    j->more = false;
}

void json_out_close(struct json_out *j, char bracket)
{
    buf_addc(j->b, bracket);
    j->more = true;
}

void json_out_key(struct json_out *j, const char *name)
{
    buf_addf(j->b, "%s\"%s\":", j->more ? "," : "", name);
    j->more = false;
}

void json_out_text(struct json_out *j, const char *name, const char *value)
{
    json_out_key(j, name);
    report_json_string(j->b, value);
    j->more = true;
}

void json_out_number(struct json_out *j, const char *name, int64_t value)
{
    json_out_key(j, name);
    buf_addf(j->b, "%lld", (long long)value);
    j->more = true;
}

void json_out_bool(struct json_out *j, const char *name, bool value)
{
    json_out_key(j, name);
    buf_adds(j->b, value ? "true" : "false");
    j->more = true;
}

void json_out_when(struct json_out *j, const char *name, int64_t wall_ms)
{
    char iso[WHEN_BYTES];

    json_out_key(j, name);
    if (wall_ms)
        buf_addf(j->b, "\"%s\"", when_iso_ms(wall_ms, iso));
    else
        buf_adds(j->b, "null");
    j->more = true;
}

void json_out_item(struct json_out *j, const char *value)
{
    if (j->more)
        buf_addc(j->b, ',');
    report_json_string(j->b, value);
    j->more = true;
}

void json_out_components(struct json_out *j, const char *stored)
{
    struct components c;
    size_t i;

    json_out_key(j, "components");
    json_out_open(j, '[');
    components_init(&c);
    if (!components_parse(&c, stored))
        for (i = 0; i < c.n; i++) {
            json_out_open(j, '{');
            json_out_text(j, "name", c.item[i].name);
            json_out_text(j, "status", component_status_name(c.item[i].status));
            json_out_close(j, '}');
        }
    components_finish(&c);
    json_out_close(j, ']');
}
