/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "peer/wherry-local-end.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-owner.h"
#include "channel/wherry-channel-set.h"
#include "transport/wherry-local-stream.h"

typedef struct
{
  char *label;
  WherryMessage *message;
} Waiting;

struct _WherryLocalEnd
{
  /* the context's thread only */
  guint ref_count;
  WherryOwner owner;
  GMainContext *context;
  WherryBudget *budget;
  const WherryLocalEndEvents *events;
  gpointer user_data;
  WherryChannelSet *set;     /* NULL: closed */
  WherryLocalStream *stream; /* NULL: not yet connected, or closed */
  GHashTable *channels;      /* label to WherryChannel: where it sends */
  gboolean paused;
  gboolean finishing;
  GQueue waiting;  /* of Waiting */
  gsize buffered;  /* payload bytes in it */
  gsize charged;   /* what its messages are charged */
  GSource *resume; /* NULL: nothing is to be told */
};

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  wherry_message_unref (waiting->message);
  g_free (waiting->label);
  g_free (waiting);
}

WherryLocalEnd *
wherry_local_end_ref (WherryLocalEnd *self)
{
  self->ref_count++;
  return self;
}

void
wherry_local_end_unref (WherryLocalEnd *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->stream == NULL && self->set == NULL && self->resume == NULL);
  g_hash_table_unref (self->channels);
  wherry_budget_unref (self->budget);
  g_main_context_unref (self->context);
  g_free (self);
}

void
wherry_local_end_close (WherryLocalEnd *self)
{
  g_autoptr (WherryLocalStream) stream = g_steal_pointer (&self->stream);
  g_autoptr (WherryChannelSet) set = g_steal_pointer (&self->set);

  WHERRY_ASSERT_OWNER (self);
  wherry_clock_clear_source (&self->resume);
  g_hash_table_remove_all (self->channels);
  g_queue_clear_full (&self->waiting, waiting_free);
  self->buffered = 0;
  self->charged = 0;
  if (set != NULL)
    wherry_channel_set_close (set);
  if (stream != NULL)
    wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (stream));
}

gboolean
wherry_local_end_is_closed (WherryLocalEnd *self)
{
  return self->set == NULL;
}

/* ---- sending ---- */

gboolean
wherry_local_end_open (WherryLocalEnd *self, const char *label, const WherryChannelInit *init,
                       GError **error)
{
  WherryChannelInit own = *init;
  WherryChannel *channel = NULL;

  WHERRY_ASSERT_OWNER (self);
  own.label = label;
  if (self->set == NULL)
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the connection is closed");
  else
    channel = wherry_channel_set_create (self->set, &own, error);
  if (channel == NULL)
    return FALSE;
  g_hash_table_replace (self->channels, g_strdup (label), g_object_ref (channel));
  return TRUE;
}

static WherrySendResult
try_send (WherryLocalEnd *self, const char *label, WherryMessage *message, GError **error)
{
  static const WherryChannelInit plain = { .protocol = "",
                                           .ordered = TRUE,
                                           .reliability = WHERRY_RELIABLE,
                                           .priority = 256,
                                           .id = WHERRY_CHANNEL_ID_NONE };
  WherryChannel *channel = g_hash_table_lookup (self->channels, label);
  WherrySendResult result = WHERRY_SEND_FAILED;

  if (channel != NULL)
    result = wherry_channel_send (channel, message);
  if (result != WHERRY_SEND_FAILED)
    return result;
  /* there is none, or the other side is closing it */
  if (!wherry_local_end_open (self, label, &plain, error))
    return WHERRY_SEND_FAILED;
  result = wherry_channel_send (g_hash_table_lookup (self->channels, label), message);
  if (result == WHERRY_SEND_FAILED)
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the connection is closed");
  return result;
}

gboolean
wherry_local_end_send (WherryLocalEnd *self, const char *label, WherryMessageKind kind,
                       const guint8 *data, gsize length, GError **error)
{
  g_autoptr (WherryMessage) message = NULL;
  WherrySendResult result = WHERRY_SEND_BLOCKED;
  Waiting *waiting;

  WHERRY_ASSERT_OWNER (self);
  if (self->waiting.length > 0
      && self->charged + length + WHERRY_MESSAGE_OVERHEAD > WHERRY_SEND_BUFFER_LIMIT_DEFAULT)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK,
                   "%" G_GSIZE_FORMAT " bytes wait for the others already", self->buffered);
      return FALSE;
    }
  message = wherry_message_new (kind, data, length, self->budget);
  if (self->waiting.length == 0)
    result = try_send (self, label, message, error);
  if (result != WHERRY_SEND_BLOCKED)
    return result == WHERRY_SEND_OK;
  waiting = g_new0 (Waiting, 1);
  waiting->label = g_strdup (label);
  waiting->message = g_steal_pointer (&message);
  g_queue_push_tail (&self->waiting, waiting);
  self->buffered += length;
  self->charged += length + WHERRY_MESSAGE_OVERHEAD;
  return TRUE;
}

/* There is room. */
static void
flush (WherryLocalEnd *self)
{
  gboolean had = self->waiting.length > 0;

  while (self->waiting.length > 0)
    {
      Waiting *waiting = g_queue_peek_head (&self->waiting);
      g_autoptr (GError) error = NULL;

      if (try_send (self, waiting->label, waiting->message, &error) == WHERRY_SEND_BLOCKED)
        return;
      /* what cannot be sent has no channel and never will have one */
      self->buffered -= wherry_message_get_length (waiting->message);
      self->charged -= wherry_message_get_charge (waiting->message);
      waiting_free (g_queue_pop_head (&self->waiting));
    }
  if (self->finishing)
    wherry_local_end_close (self);
  else if (had)
    self->events->drained (self->user_data);
}

gsize
wherry_local_end_get_buffered (WherryLocalEnd *self)
{
  return self->buffered;
}

gboolean
wherry_local_end_finish (WherryLocalEnd *self)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->waiting.length == 0 && self->stream == NULL)
    return FALSE;
  self->finishing = TRUE;
  if (self->waiting.length == 0)
    wherry_local_end_close (self);
  return TRUE;
}

/* ---- what its channels say ---- */

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherryLocalEnd *self = wherry_local_end_ref (user_data);

  if (state == WHERRY_TRANSPORT_CONNECTED)
    flush (self);
  wherry_local_end_unref (self);
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  WherryLocalEnd *self = user_data;
  const char *label = wherry_channel_get_label (channel);

  if (!g_hash_table_contains (self->channels, label))
    g_hash_table_insert (self->channels, g_strdup (label), g_object_ref (channel));
  wherry_channel_accept (channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  WherryLocalEnd *self = wherry_local_end_ref (user_data);

  self->events->message (self->user_data, wherry_channel_get_label (channel), message);
  wherry_local_end_unref (self);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  WherryLocalEnd *self = user_data;
  const char *label = wherry_channel_get_label (channel);

  if (g_hash_table_lookup (self->channels, label) == channel)
    g_hash_table_remove (self->channels, label);
}

static void
on_writable (gpointer user_data)
{
  WherryLocalEnd *self = wherry_local_end_ref (user_data);

  flush (self);
  wherry_local_end_unref (self);
}

static const WherryChannelSetEvents set_events = {
  .state = on_state,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .closed = on_closed,
  .writable = on_writable,
};

static gboolean
on_resume (gpointer user_data)
{
  WherryLocalEnd *self = user_data;

  wherry_clock_clear_source (&self->resume);
  if (!self->paused && self->stream != NULL)
    wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (self->stream), FALSE);
  return G_SOURCE_REMOVE;
}

void
wherry_local_end_set_paused (WherryLocalEnd *self, gboolean paused)
{
  WHERRY_ASSERT_OWNER (self);
  self->paused = paused;
  if (self->stream == NULL)
    return;
  if (paused)
    wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (self->stream), TRUE);
  else if (self->resume == NULL)
    {
      self->resume = g_idle_source_new ();
      g_source_set_priority (self->resume, G_PRIORITY_DEFAULT);
      g_source_set_callback (self->resume, on_resume, self, NULL);
      g_source_attach (self->resume, self->context);
    }
}

WherryStreamTransport *
wherry_local_end_connect (gpointer data)
{
  g_autoptr (WherryLocalEnd) self = data;
  g_autoptr (WherryLocalStream) ours = NULL;
  WherryLocalStream *theirs;

  WHERRY_ASSERT_OWNER (self);
  wherry_local_stream_new_pair (self->context, &theirs, &ours);
  if (self->set != NULL)
    {
      self->stream = g_steal_pointer (&ours);
      wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (self->stream), self->paused);
      wherry_channel_set_attach (self->set, WHERRY_STREAM_TRANSPORT (self->stream), TRUE);
    }
  else /* closed already: theirs hears of the end */
    wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (ours));
  return WHERRY_STREAM_TRANSPORT (theirs);
}

WherryLocalEnd *
wherry_local_end_new (GMainContext *context, guint max_channels, WherryBudget *budget,
                      const WherryLocalEndEvents *events, gpointer user_data)
{
  WherryLocalEnd *self = g_new0 (WherryLocalEnd, 1);

  self->ref_count = 1;
  wherry_owner_init (&self->owner);
  self->context = g_main_context_ref (context);
  self->budget = wherry_budget_ref (budget);
  self->events = events;
  self->user_data = user_data;
  self->paused = TRUE;
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->set = wherry_channel_set_new (max_channels, &set_events, self);
  g_queue_init (&self->waiting);
  return self;
}
