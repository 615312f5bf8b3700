/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client-channel-private.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"

/* What a client's channel sends, and what waits for that. */

void
wherry_client_channel_waiting_free (gpointer data)
{
  WherryClientWaiting *waiting = data;

  g_bytes_unref (waiting->payload);
  g_free (waiting);
}

gboolean
wherry_client_channel_is_framed (WherryDataChannel *carrier)
{
  return strcmp (wherry_data_channel_get_protocol (carrier), WHERRY_FRAME_PROTOCOL) == 0;
}

/* The relay takes numbers in order: who may overtake or be lost has none. */
gboolean
wherry_client_channel_is_numbered (WherryDataChannel *carrier)
{
  return wherry_client_channel_is_framed (carrier) && wherry_data_channel_get_ordered (carrier)
         && wherry_data_channel_get_max_retransmits (carrier) < 0
         && wherry_data_channel_get_max_packet_life_time (carrier) < 0;
}

WherryClientTopic *
wherry_client_channel_get_memory (WherryClientChannel *self)
{
  return wherry_client_session_get_topic (self->session, self->topic);
}

static gboolean
send_one (WherryClientChannel *self, const WherryClientWaiting *item, GError **error)
{
  g_autoptr (GBytes) frame = NULL;
  g_autofree char *text = NULL;
  gsize length;
  const char *data = g_bytes_get_data (item->payload, &length);

  if (wherry_client_channel_is_numbered (self->carrier))
    return wherry_client_topic_send (wherry_client_channel_get_memory (self), self->carrier,
                                     item->payload, item->is_text, item->recipient, error);
  if (wherry_client_channel_is_framed (self->carrier))
    {
      frame = wherry_client_topic_frame (item->payload, item->is_text, item->recipient, 0);
      return wherry_data_channel_send_bytes (self->carrier, frame, error);
    }
  if (!item->is_text)
    return wherry_data_channel_send_bytes (self->carrier, item->payload, error);
  text = g_strndup (data != NULL ? data : "", length);
  return wherry_data_channel_send_text (self->carrier, text, error);
}

static gboolean
can_send (WherryClientChannel *self)
{
  return self->session != NULL && self->carrier != NULL && self->waiting.length > 0
         && wherry_data_channel_get_ready_state (self->carrier) == WHERRY_DATA_CHANNEL_STATE_OPEN
         && !(wherry_client_channel_is_numbered (self->carrier)
              && wherry_client_topic_is_full (wherry_client_channel_get_memory (self)));
}

void
wherry_client_channel_pump (WherryClientChannel *self)
{
  g_autoptr (WherryClientChannel) alive = g_object_ref (self);

  while (can_send (self))
    {
      const WherryClientWaiting *item = g_queue_peek_head (&self->waiting);
      g_autoptr (GError) error = NULL;

      if (!send_one (self, item, &error)
          && (g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK)
              || g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED)))
        break;
      if (error != NULL)
        g_debug ("a message on topic “%s” was not sent: %s", self->topic, error->message);
      self->waiting_bytes -= g_bytes_get_size (item->payload);
      wherry_client_channel_waiting_free (g_queue_pop_head (&self->waiting));
    }
  if (self->waiting.length > 0)
    return;
  if (self->state == WHERRY_DATA_CHANNEL_STATE_CLOSING && self->carrier != NULL)
    wherry_data_channel_close (self->carrier);
  if (self->refused)
    {
      self->refused = FALSE;
      wherry_client_channel_emit_drained (self);
    }
}

static gboolean
check (WherryClientChannel *self, gsize length, const char *to, guint64 *recipient, GError **error)
{
  gsize max
      = self->session != NULL ? wherry_client_session_get_max_message_size (self->session) : 0;

  *recipient = WHERRY_MEMBER_ID_EVERYONE;
  if (self->state != WHERRY_DATA_CHANNEL_STATE_OPEN)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the channel “%s” is not open",
                 self->topic);
  else if (length > max)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE,
                 "%" G_GSIZE_FORMAT " bytes: the relay takes %" G_GSIZE_FORMAT, length, max);
  else if (to != NULL && !wherry_member_id_parse (to, recipient))
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                         "a member's id has 16 hexadecimal digits");
  else if (to != NULL && !wherry_client_session_is_framed (self->session))
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                         "messages for one member need a client that resumes");
  else if (self->waiting.length > 0 && self->waiting_bytes + length > WHERRY_CLIENT_WAITING_MAX)
    {
      self->refused = TRUE;
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK,
                   "%" G_GSIZE_FORMAT " bytes wait already", self->waiting_bytes);
    }
  else
    return TRUE;
  return FALSE;
}

/* payload: (transfer full) */
static gboolean
send_payload (WherryClientChannel *self, GBytes *payload, gboolean is_text, const char *to,
              GError **error)
{
  g_autoptr (GBytes) owned = payload;
  guint64 recipient;
  WherryClientWaiting *item;

  if (!check (self, g_bytes_get_size (payload), to, &recipient, error))
    return FALSE;
  item = g_new0 (WherryClientWaiting, 1);
  item->payload = g_steal_pointer (&owned);
  item->is_text = is_text;
  item->recipient = recipient;
  self->waiting_bytes += g_bytes_get_size (item->payload);
  g_queue_push_tail (&self->waiting, item);
  wherry_client_channel_pump (self);
  return TRUE;
}

gboolean
wherry_client_channel_send_text (WherryClientChannel *self, const char *text, const char *to,
                                 GError **error)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT_CHANNEL (self), FALSE);
  g_return_val_if_fail (text != NULL, FALSE);
  if (g_utf8_validate (text, -1, NULL))
    return send_payload (self, g_bytes_new (text, strlen (text)), TRUE, to, error);
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "text that is no UTF-8");
  return FALSE;
}

gboolean
wherry_client_channel_send_bytes (WherryClientChannel *self, GBytes *bytes, const char *to,
                                  GError **error)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT_CHANNEL (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);
  return send_payload (self, g_bytes_ref (bytes), FALSE, to, error);
}

void
wherry_client_channel_close (WherryClientChannel *self)
{
  WherryClientSession *session;

  g_return_if_fail (WHERRY_IS_CLIENT_CHANNEL (self));
  session = self->session;
  if (session == NULL || self->state == WHERRY_DATA_CHANNEL_STATE_CLOSING)
    return;
  if (self->carrier != NULL)
    {
      wherry_client_channel_set_state (self, WHERRY_DATA_CHANNEL_STATE_CLOSING);
      wherry_client_channel_pump (self);
      return;
    }
  g_object_ref (self);
  wherry_client_session_forget (session, self);
  wherry_client_channel_end (self, TRUE);
  g_object_unref (self);
}

guint64
wherry_client_channel_get_buffered_amount (WherryClientChannel *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT_CHANNEL (self), 0);
  return self->waiting_bytes
         + (self->carrier != NULL ? wherry_data_channel_get_buffered_amount (self->carrier) : 0);
}
