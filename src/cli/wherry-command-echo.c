/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <inttypes.h>

#include <glib/gi18n.h>

#include "cli/wherry-commands.h"
#include "cli/wherry-room-session.h"
#include "cli/wherry-terminal.h"

/*
 * wherry echo: sends each message of a room back to its sender alone, of the same kind and on the
 * same topic. What a sender does not read is dropped when too much of it waits, and counted.
 */

typedef struct
{
  WherryInvocation *invocation;
  WherryRoomSession *session;
  gboolean is_joined;
  guint64 messages, bytes, dropped;
} Echo;

static void
on_message (WherryClientChannel *channel, GBytes *bytes, gboolean is_text, const char *sender,
            guint64 sequence, WherryMessageFlags flags, Echo *echo)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = is_text ? g_strndup (data, size) : NULL;
  gboolean sent;

  /* two of them would never end, and what was said before is nobody's any more */
  if (sender == NULL
      || (flags & (WHERRY_MESSAGE_FLAGS_DIRECT | WHERRY_MESSAGE_FLAGS_REPLAYED)) != 0)
    return;
  sent = is_text ? wherry_client_channel_send_text (channel, text, sender, &error)
                 : wherry_client_channel_send_bytes (channel, bytes, sender, &error);
  if (!sent)
    {
      echo->dropped++;
      g_info ("Not sent back to %s: %s", sender, error->message);
      return;
    }
  echo->messages++;
  echo->bytes += size;
}

static void
on_channel (WherryClient *client, WherryClientChannel *channel, Echo *echo)
{
  g_signal_connect (channel, "message", G_CALLBACK (on_message), echo);
}

static void
on_joined (gpointer data)
{
  Echo *echo = data;
  const char *id = wherry_client_get_id (wherry_room_session_get_client (echo->session));

  echo->is_joined = TRUE;
  if (echo->invocation->json)
    wherry_print ("{\"event\":\"joined\",\"id\":\"%s\"}", id);
  wherry_say (_ ("Joined as %s; Ctrl-C ends it."), id);
}

static void
tell_end (const Echo *echo)
{
  if (echo->invocation->json)
    wherry_print ("{\"event\":\"end\",\"messages\":%" G_GUINT64_FORMAT
                  ",\"bytes\":%" G_GUINT64_FORMAT ",\"dropped\":%" G_GUINT64_FORMAT "}",
                  echo->messages, echo->bytes, echo->dropped);
  wherry_say (_ ("Messages sent back: %" PRIu64 ", dropped: %" PRIu64 "."), echo->messages,
              echo->dropped);
}

int
wherry_command_echo (WherryInvocation *invocation)
{
  g_autoptr (WherryRoomSession) session = NULL;
  g_autoptr (GError) error = NULL;
  Echo echo = { .invocation = invocation };
  int result;

  if (!wherry_invocation_parse (invocation, NULL, 1, 1, &error))
    return wherry_invocation_fail (invocation, error);
  session = wherry_room_session_new (invocation, invocation->arguments[0], &error);
  if (session == NULL)
    return wherry_invocation_fail (invocation, error);
  echo.session = session;
  g_signal_connect (wherry_room_session_get_client (session), "channel", G_CALLBACK (on_channel),
                    &echo);
  wherry_room_session_join (session, on_joined, &echo);
  result = wherry_invocation_run (invocation);
  g_signal_handlers_disconnect_by_data (wherry_room_session_get_client (session), &echo);
  if (echo.is_joined)
    tell_end (&echo);
  return result;
}
