/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "relay/wherry-member-port-private.h"
#include "wire/wherry-frame.h"
#include "wire/wherry-signal.h"

/* How long an acknowledgement waits for more to acknowledge. */
#define ACK_INTERVAL_US (50 * (G_USEC_PER_SEC / 1000))
/* A minute of them, in which nothing was. */
#define ACK_IDLE_MAX 1200u

/* Addressed framing (protocol.md section 3): the header comes off what the member publishes and
 * goes before what it is sent; what was accepted of it is acknowledged on wherry:notices. */

gboolean
wherry_port_is_addressed (const WherryChannelInit *init)
{
  return strcmp (init->protocol, WHERRY_FRAME_PROTOCOL) == 0;
}

gboolean
wherry_port_make_post (const WherryChannelInit *init, guint64 sender, WherryMessage *message,
                       WherryPost *post, GError **error)
{
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);
  WherryFrame frame;

  *post = (WherryPost){
    .message = message,
    .kind = wherry_message_get_kind (message),
    .sender = sender,
  };
  if (!wherry_port_is_addressed (init))
    return TRUE;
  if (post->kind != WHERRY_MESSAGE_BINARY)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "a message on an addressed channel is binary");
      return FALSE;
    }
  if (!wherry_frame_parse (&frame, data, length, error))
    return FALSE;
  if (frame.replayed || frame.direct)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "replayed and direct are flags of the relay's");
      return FALSE;
    }
  if (frame.sequence > WHERRY_OWN_NUMBER_MAX)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "a number of its own is larger than 2^53");
      return FALSE;
    }
  post->offset = WHERRY_FRAME_HEADER_SIZE;
  post->kind = frame.text ? WHERRY_MESSAGE_TEXT : WHERRY_MESSAGE_BINARY;
  post->recipient = frame.member;
  post->own = frame.sequence;
  return TRUE;
}

WherryMessage *
wherry_port_frame (WherryPortChannel *record, WherryMessage *message, gboolean replayed)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  const WherryFrame frame = {
    .text = wherry_message_get_kind (message) == WHERRY_MESSAGE_TEXT,
    .replayed = replayed,
    .direct = stamp->recipient != 0,
    .member = stamp->sender,
    .sequence = stamp->sequence,
  };
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);
  guint8 *framed;

  if (!record->addressed)
    return wherry_message_ref (message);
  if (record->framed_of == message) /* there was no room for it before */
    return g_steal_pointer (&record->framed);

  framed = g_malloc (WHERRY_FRAME_HEADER_SIZE + length);
  wherry_frame_write (&frame, framed);
  if (length > 0)
    memcpy (framed + WHERRY_FRAME_HEADER_SIZE, data, length);
  return wherry_message_new_take (WHERRY_MESSAGE_BINARY, framed, WHERRY_FRAME_HEADER_SIZE + length,
                                  NULL);
}

void
wherry_port_keep_framed (WherryPortChannel *record, WherryMessage *message, WherryMessage *framed)
{
  g_clear_pointer (&record->framed_of, wherry_message_unref);
  g_clear_pointer (&record->framed, wherry_message_unref);
  if (framed == NULL || !record->addressed)
    return;
  record->framed_of = wherry_message_ref (message);
  record->framed = wherry_message_ref (framed);
}

/* ---- acknowledgements ---- */

static gboolean
ack (WherryMemberPort *self, WherryPortChannel *record)
{
  g_autofree char *json = NULL;
  g_autoptr (WherryMessage) message = NULL;
  guint64 own, sequence;

  wherry_topic_get_accepted (record->topic, self->id, &own, &sequence);
  if (own == record->acked || self->notices == NULL)
    return FALSE;
  record->acked = own;
  json = wherry_signal_write_ack (record->init->label, own, sequence);
  message = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) json, strlen (json),
                                self->budget);
  wherry_outbox_push (self->notices->outbox, message, NULL);
  return TRUE;
}

static gboolean
on_ack (gpointer user_data)
{
  WherryMemberPort *self = user_data;
  GHashTableIter iter;
  gpointer value;
  gboolean more = FALSE;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryPortChannel *record = value;

      if (record->own == record->acked || record->topic == NULL)
        continue;
      if (ack (self, record))
        self->n_idle_acks = 0;
      more |= record->own > record->acked; /* what is not on disk yet, say */
    }
  /* a number that never comes is not waited for for ever */
  if (more && self->notices != NULL && self->n_idle_acks++ < ACK_IDLE_MAX)
    return G_SOURCE_CONTINUE;
  wherry_clock_clear_source (&self->ack_timer);
  return G_SOURCE_REMOVE;
}

void
wherry_port_ack_later (WherryMemberPort *self, WherryPortChannel *record, guint64 own)
{
  record->own = MAX (record->own, own);
  self->n_idle_acks = 0;
  if (self->ack_timer == NULL && self->notices != NULL)
    self->ack_timer = wherry_clock_add (self->clock, wherry_peer_get_context (self->peer),
                                        ACK_INTERVAL_US, on_ack, self);
}
