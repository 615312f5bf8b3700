/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "signaling/wherry-http-route.h"

static void
test_route (void)
{
  static const struct
  {
    const char *path;
    WherryHttpResource resource;
    const char *room;
    const char *rest;
  } rows[] = {
    { "/rooms", WHERRY_HTTP_ROOMS, NULL, NULL },
    { "/rooms/", WHERRY_HTTP_ROOM, "", NULL },
    { "/roomsx", WHERRY_HTTP_NOWHERE, NULL, NULL },
    { "/", WHERRY_HTTP_NOWHERE, NULL, NULL },
    { "/rooms/a", WHERRY_HTTP_ROOM, "a", NULL },
    { "/rooms/a/", WHERRY_HTTP_NOWHERE, "a", NULL },
    { "/rooms/a%2Fb%20%c3%a9", WHERRY_HTTP_ROOM, "a/b é", NULL },
    { "/rooms/%252F", WHERRY_HTTP_ROOM, "%2F", NULL },
    { "/rooms/..", WHERRY_HTTP_ROOM, "..", NULL },
    { "/rooms/%00", WHERRY_HTTP_MALFORMED, NULL, NULL },
    { "/rooms/%ff", WHERRY_HTTP_MALFORMED, NULL, NULL },
    { "/rooms/%4", WHERRY_HTTP_MALFORMED, NULL, NULL },
    { "/rooms/%zz/members", WHERRY_HTTP_MALFORMED, NULL, NULL },
    { "/rooms/a/members", WHERRY_HTTP_MEMBERS, "a", NULL },
    { "/rooms/a/members/", WHERRY_HTTP_SESSION, "a", "" },
    { "/rooms/a/members/0123456789abcdef", WHERRY_HTTP_MEMBER, "a", "0123456789abcdef" },
    { "/rooms/a/members/0123456789ABCDEF", WHERRY_HTTP_SESSION, "a", "0123456789ABCDEF" },
    { "/rooms/a/members/0123456789abcde", WHERRY_HTTP_SESSION, "a", "0123456789abcde" },
    { "/rooms/a/members/b/c", WHERRY_HTTP_NOWHERE, "a", NULL },
    { "/rooms/a/members/%zz", WHERRY_HTTP_MALFORMED, "a", NULL },
    { "/rooms/a/topics", WHERRY_HTTP_NOWHERE, "a", NULL },
    { "/rooms/a/topics/", WHERRY_HTTP_TOPIC, "a", "" },
    { "/rooms/a/topics/b/c%2Fd/", WHERRY_HTTP_TOPIC, "a", "b/c/d/" },
    { "/rooms/a/topics/%ff", WHERRY_HTTP_MALFORMED, "a", NULL },
    { "/rooms//members", WHERRY_HTTP_MEMBERS, "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (WherryHttpRoute) route = wherry_http_route_parse (rows[i].path);

      g_test_message ("%s", rows[i].path);
      g_assert_cmpint (route->resource, ==, rows[i].resource);
      g_assert_cmpstr (route->room, ==, rows[i].room);
      g_assert_cmpstr (route->topic != NULL ? route->topic : route->member, ==, rows[i].rest);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-route/paths", test_route);
  return g_test_run ();
}
