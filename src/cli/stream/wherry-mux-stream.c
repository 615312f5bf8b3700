/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/stream/wherry-mux-private.h"

/* Less than this of a larger write is not sent alone: credit comes in quarters of a window. */
#define SMALL_BYTES 4096u

WherryMuxStream *
wherry_mux_stream_new (WherryMux *mux, guint32 id)
{
  WherryMuxStream *self = g_new0 (WherryMuxStream, 1);

  self->mux = mux;
  self->ref_count = 1;
  self->id = id;
  self->send_credit = mux->their_stream_window;
  self->receive_left = mux->our_stream_window;
  return self;
}

WherryMuxStream *
wherry_mux_stream_ref (WherryMuxStream *self)
{
  self->ref_count++;
  return self;
}

void
wherry_mux_stream_unref (WherryMuxStream *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_pointer (&self->pending, g_bytes_unref);
  g_free (self);
}

void
wherry_mux_stream_close (WherryMuxStream *self, const GError *error, gboolean tell)
{
  const WherryMuxStreamEvents *events = self->events;
  WherryMux *mux = self->mux;

  if (mux == NULL)
    return;
  wherry_mux_stream_ref (self);
  self->mux = NULL;
  self->events = NULL;
  g_clear_pointer (&self->pending, g_bytes_unref);
  wherry_mux_forget (mux, self);
  if (tell && events != NULL)
    events->closed (self->user_data, error);
  wherry_mux_stream_unref (self);
}

void
wherry_mux_stream_settle (WherryMuxStream *self)
{
  if (self->mux != NULL && self->end_sent && self->end_received && self->done_sent
      && self->done_received)
    wherry_mux_stream_close (self, NULL, TRUE);
}

/* ---- what it has to say ---- */

static WherryMuxTurn
say (WherryMuxStream *self, WherryMuxType type)
{
  const WherryMuxFrame frame = { .type = type, .stream = self->id };

  if (!wherry_mux_send (self->mux, &frame))
    return WHERRY_MUX_BLOCKED;
  if (type == WHERRY_MUX_OPEN)
    self->open_owed = FALSE;
  else if (type == WHERRY_MUX_END)
    self->end_sent = TRUE;
  else
    self->done_sent = TRUE;
  wherry_mux_stream_settle (self);
  return WHERRY_MUX_SENT;
}

static WherryMuxTurn
say_credit (WherryMuxStream *self, gint64 owed)
{
  const WherryMuxFrame frame
      = { .type = WHERRY_MUX_CREDIT, .stream = self->id, .credit = (guint32) owed };

  if (!wherry_mux_send (self->mux, &frame))
    return WHERRY_MUX_BLOCKED;
  self->receive_left += owed;
  return WHERRY_MUX_SENT;
}

static WherryMuxTurn
say_data (WherryMuxStream *self)
{
  WherryMux *mux = self->mux;
  gsize size = g_bytes_get_size (self->pending);
  gsize wanted = MIN (size, SMALL_BYTES);
  gsize n;
  g_autoptr (GBytes) part = NULL;
  g_autoptr (GBytes) all = NULL;
  WherryMuxFrame frame = { .type = WHERRY_MUX_DATA, .stream = self->id };

  if (self->send_credit < wanted + WHERRY_MUX_COST)
    return WHERRY_MUX_SILENT;
  if (mux->send_credit < wanted + WHERRY_MUX_COST)
    return WHERRY_MUX_STARVED;
  n = MIN (size, MIN (self->send_credit, mux->send_credit) - WHERRY_MUX_COST);
  part = g_bytes_new_from_bytes (self->pending, 0, n);
  frame.data = part;
  if (!wherry_mux_send (mux, &frame))
    return WHERRY_MUX_BLOCKED;
  self->send_credit -= n + WHERRY_MUX_COST;
  mux->send_credit -= n + WHERRY_MUX_COST;
  all = g_steal_pointer (&self->pending);
  if (n < size)
    self->pending = g_bytes_new_from_bytes (all, n, size - n);
  else if (!self->end_wanted && self->events != NULL)
    self->events->room (self->user_data);
  return WHERRY_MUX_SENT;
}

/* What it owes of credit; 0: not worth a message. */
static gint64
get_owed (const WherryMuxStream *self)
{
  gint64 window = self->mux->our_stream_window;
  gint64 owed = window - self->receive_left - self->held;

  return !self->end_received && owed >= window / 4 ? owed : 0;
}

WherryMuxTurn
wherry_mux_stream_speak (WherryMuxStream *self)
{
  gint64 owed = get_owed (self);

  if (self->open_owed)
    return say (self, WHERRY_MUX_OPEN);
  if (owed > 0)
    return say_credit (self, owed);
  if (self->done_wanted && !self->done_sent)
    return say (self, WHERRY_MUX_DONE);
  if (self->pending != NULL)
    return say_data (self);
  if (self->end_wanted && !self->end_sent)
    return say (self, WHERRY_MUX_END);
  return WHERRY_MUX_SILENT;
}

/* ---- of who has it ---- */

void
wherry_mux_stream_take (WherryMuxStream *self, const WherryMuxStreamEvents *events,
                        gpointer user_data)
{
  self->events = events;
  self->user_data = user_data;
}

gboolean
wherry_mux_stream_has_room (WherryMuxStream *self)
{
  return self->mux != NULL && self->pending == NULL && !self->end_wanted;
}

void
wherry_mux_stream_write (WherryMuxStream *self, GBytes *bytes)
{
  g_assert (wherry_mux_stream_has_room (self));
  g_assert (g_bytes_get_size (bytes) > 0 && g_bytes_get_size (bytes) <= WHERRY_MUX_DATA_MAX);
  self->pending = g_bytes_ref (bytes);
  wherry_mux_enqueue (self->mux, self);
}

void
wherry_mux_stream_end (WherryMuxStream *self)
{
  if (self->mux == NULL || self->end_wanted)
    return;
  self->end_wanted = TRUE;
  wherry_mux_enqueue (self->mux, self);
}

void
wherry_mux_stream_consumed (WherryMuxStream *self, gsize size)
{
  if (self->mux == NULL)
    return;
  self->held -= (gint64) (size + WHERRY_MUX_COST);
  if (get_owed (self) > 0)
    wherry_mux_enqueue (self->mux, self);
}

void
wherry_mux_stream_done (WherryMuxStream *self)
{
  if (self->mux == NULL || self->done_wanted)
    return;
  self->done_wanted = TRUE;
  wherry_mux_enqueue (self->mux, self);
}

void
wherry_mux_stream_reset (WherryMuxStream *self, WherryMuxCode code, const char *text)
{
  WherryMux *mux = self->mux;
  guint32 id = self->id;
  gboolean is_known = !self->open_owed; /* else the other side never heard of it */

  if (mux == NULL)
    return;
  wherry_mux_stream_close (self, NULL, FALSE);
  if (is_known)
    wherry_mux_queue_reset (mux, id, code, text); /* may end everything */
}
