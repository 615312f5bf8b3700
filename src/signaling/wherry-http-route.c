/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "signaling/wherry-http-route.h"

#define PREFIX "/rooms"
#define ID_LENGTH 16u

gboolean
wherry_http_route_is_ours (const char *path)
{
  return g_str_has_prefix (path, PREFIX)
         && (path[strlen (PREFIX)] == '\0' || path[strlen (PREFIX)] == '/');
}

void
wherry_http_route_free (WherryHttpRoute *self)
{
  g_free (self->room);
  g_free (self->member);
  g_free (self->topic);
  g_free (self);
}

/* (transfer full) (nullable): not well formed. A NUL is refused by GLib. */
static char *
decode (const char *segment)
{
  g_autofree char *text = g_uri_unescape_string (segment, NULL);

  return text != NULL && g_utf8_validate (text, -1, NULL) ? g_steal_pointer (&text) : NULL;
}

static gboolean
is_id (const char *text)
{
  return strlen (text) == ID_LENGTH && strspn (text, "0123456789abcdef") == ID_LENGTH;
}

/* rest: what is behind the room's name. */
static WherryHttpResource
parse_in_room (WherryHttpRoute *self, const char *rest)
{
  if (*rest == '\0')
    return WHERRY_HTTP_ROOM;
  if (strcmp (rest, "/members") == 0)
    return WHERRY_HTTP_MEMBERS;
  if (g_str_has_prefix (rest, "/topics/"))
    {
      self->topic = decode (rest + strlen ("/topics/"));
      return self->topic != NULL ? WHERRY_HTTP_TOPIC : WHERRY_HTTP_MALFORMED;
    }
  if (!g_str_has_prefix (rest, "/members/") || strchr (rest + strlen ("/members/"), '/') != NULL)
    return WHERRY_HTTP_NOWHERE;
  self->member = decode (rest + strlen ("/members/"));
  if (self->member == NULL)
    return WHERRY_HTTP_MALFORMED;
  return is_id (self->member) ? WHERRY_HTTP_MEMBER : WHERRY_HTTP_SESSION;
}

WherryHttpRoute *
wherry_http_route_parse (const char *path)
{
  WherryHttpRoute *self = g_new0 (WherryHttpRoute, 1);
  g_autofree char *segment = NULL;
  const char *room;
  gsize length;

  self->resource = WHERRY_HTTP_NOWHERE;
  if (!wherry_http_route_is_ours (path))
    return self;
  if (path[strlen (PREFIX)] == '\0')
    {
      self->resource = WHERRY_HTTP_ROOMS;
      return self;
    }
  room = path + strlen (PREFIX "/");
  length = strcspn (room, "/");
  segment = g_strndup (room, length);
  self->room = decode (segment);
  self->resource = self->room != NULL ? parse_in_room (self, room + length) : WHERRY_HTTP_MALFORMED;
  return self;
}
