/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A relay in a program. Browsers come to the page that it prints, and join the room "lobby"; the
 * program is in it too, with no network, and answers what is said there. */

#include <lib/wherry.h>

static void
on_message (WherryMember *member, const char *topic, GBytes *data, gboolean is_text,
            gpointer user_data)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  g_autofree char *answer = g_strdup_printf ("heard %s", text);
  g_autoptr (GError) error = NULL;

  if (!wherry_member_send_text (member, topic, answer, &error))
    g_printerr ("%s\n", error->message);
}

int
main (int argc, char *argv[])
{
  g_autoptr (WherryRelay) relay = wherry_relay_new (NULL);
  g_autoptr (WherryServer) server = wherry_server_new (relay);
  g_autoptr (WherryMember) member = NULL;
  g_autoptr (GError) error = NULL;

  member = wherry_relay_join (relay, "lobby", "the program", WHERRY_JOIN_FLAGS_NONE, &error);
  if (member == NULL || !wherry_server_start (server, &error))
    g_error ("%s", error->message);
  g_signal_connect (member, "message", G_CALLBACK (on_message), NULL);
  g_print ("%s\n", wherry_server_get_uri (server));
  wherry_server_run (server, NULL, NULL); /* until SIGTERM; a program with a loop just goes on */
  return 0;
}
