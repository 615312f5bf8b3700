/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/wherry-cli-limits.h"
#include "cli/stream/wherry-mux-private.h"
#include "lib/wherry.h"

/* Credit that nobody can use up is no credit. */
#define CREDIT_MAX (2 * (guint64) WHERRY_MUX_WINDOW_MAX)

static void
unref (WherryMux *self)
{
  if (--self->ref_count > 0)
    return;
  g_hash_table_unref (self->streams);
  g_free (self);
}

/* ---- its end ---- */

static void
reset_free (WherryMuxReset *reset)
{
  g_free (reset->text);
  g_free (reset);
}

static void
drop_resets (WherryMux *self)
{
  g_queue_clear_full (&self->resets, (GDestroyNotify) reset_free);
}

static void
close_streams (WherryMux *self, const GError *error, gboolean tell)
{
  for (;;)
    {
      GHashTableIter iter;
      gpointer stream;

      g_hash_table_iter_init (&iter, self->streams);
      if (!g_hash_table_iter_next (&iter, NULL, &stream))
        break;
      wherry_mux_stream_close (stream, error, tell);
    }
  drop_resets (self);
}

void
wherry_mux_break (WherryMux *self, const GError *error)
{
  if (self->events == NULL)
    return;
  self->events = NULL;
  self->ref_count++;
  close_streams (self, error, TRUE);
  unref (self);
}

static void
fail (WherryMux *self, const GError *error)
{
  const WherryMuxEvents *events = self->events;
  gpointer user_data = self->user_data;

  if (events == NULL)
    return;
  self->ref_count++;
  wherry_mux_break (self, error);
  events->failed (user_data, error);
  unref (self);
}

static void
fail_protocol (WherryMux *self, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, text);

  fail (self, error);
}

/* ---- sending ---- */

gboolean
wherry_mux_send (WherryMux *self, const WherryMuxFrame *frame)
{
  g_autoptr (GBytes) message = wherry_mux_frame_format (frame);
  g_autoptr (GError) error = NULL;

  if (self->events == NULL)
    return FALSE;
  if (self->events->send (self->user_data, message, &error))
    return TRUE;
  self->is_blocked = TRUE;
  if (!g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK))
    fail (self, error);
  return FALSE;
}

/* What it owes of credit of the session; 0: not worth a message. What came is not held back by what
 * is not consumed: a stream's own credit does that. */
static gint64
get_owed (const WherryMux *self)
{
  gint64 owed = self->window - self->receive_left;

  return owed >= self->window / 4 ? owed : 0;
}

/* FALSE: the carrier takes no more. */
static gboolean
say_own (WherryMux *self)
{
  gint64 owed = get_owed (self);
  WherryMuxFrame frame = { .type = WHERRY_MUX_CREDIT, .credit = (guint32) owed };

  if (owed > 0)
    {
      if (!wherry_mux_send (self, &frame))
        return FALSE;
      self->receive_left += owed;
    }
  while (self->resets.length > 0)
    {
      const WherryMuxReset *reset = g_queue_peek_head (&self->resets);
      const WherryMuxFrame farewell = { .type = WHERRY_MUX_RESET,
                                        .stream = reset->stream,
                                        .code = (guint8) reset->code,
                                        .text = reset->text };

      if (!wherry_mux_send (self, &farewell))
        return FALSE;
      reset_free (g_queue_pop_head (&self->resets));
    }
  return TRUE;
}

/* One message of the stream whose turn it is. */
static void
take_turn (WherryMux *self)
{
  WherryMuxStream *stream = g_queue_pop_head (&self->ready);
  WherryMuxTurn turn;

  wherry_mux_stream_ref (stream);
  stream->is_queued = FALSE;
  turn = wherry_mux_stream_speak (stream);
  if (stream->mux != NULL && !stream->is_queued && turn != WHERRY_MUX_SILENT)
    {
      stream->is_queued = TRUE;
      if (turn == WHERRY_MUX_STARVED)
        g_queue_push_tail (&self->starved, stream);
      else if (turn == WHERRY_MUX_BLOCKED)
        g_queue_push_head (&self->ready, stream);
      else
        g_queue_push_tail (&self->ready, stream);
    }
  wherry_mux_stream_unref (stream);
}

void
wherry_mux_flush (WherryMux *self)
{
  self->is_blocked = FALSE;
  if (self->is_flushing)
    return;
  self->is_flushing = TRUE;
  self->ref_count++;
  while (self->events != NULL && !self->is_blocked && say_own (self) && self->ready.length > 0)
    take_turn (self);
  self->is_flushing = FALSE;
  unref (self);
}

void
wherry_mux_enqueue (WherryMux *self, WherryMuxStream *stream)
{
  if (!stream->is_queued)
    {
      stream->is_queued = TRUE;
      g_queue_push_tail (&self->ready, stream);
    }
  else if (g_queue_remove (&self->starved, stream)) /* it may have something that needs no credit */
    g_queue_push_tail (&self->ready, stream);
  if (!self->is_blocked)
    wherry_mux_flush (self);
}

void
wherry_mux_forget (WherryMux *self, WherryMuxStream *stream)
{
  if (stream->is_queued && !g_queue_remove (&self->ready, stream))
    g_queue_remove (&self->starved, stream);
  stream->is_queued = FALSE;
  g_hash_table_remove (self->streams, GUINT_TO_POINTER (stream->id));
}

void
wherry_mux_queue_reset (WherryMux *self, guint32 stream, WherryMuxCode code, const char *text)
{
  WherryMuxReset *reset;

  if (self->events == NULL)
    return;
  if (self->resets.length >= WHERRY_CLI_RESETS_MAX)
    {
      fail_protocol (self, _ ("the other side opens connections faster than it hears the answer"));
      return;
    }
  reset = g_new0 (WherryMuxReset, 1);
  reset->stream = stream;
  reset->code = code;
  reset->text = g_strdup (text);
  g_queue_push_tail (&self->resets, reset);
  if (!self->is_blocked)
    wherry_mux_flush (self);
}

/* ---- what comes ---- */

/* Whether a stream of this number was there: what is still on its way to it does no harm. */
static gboolean
is_past (const WherryMux *self, guint32 id)
{
  return (id & 1) == (self->next_own & 1) ? id < self->next_own : id <= self->last_other;
}

static void
take_open (WherryMux *self, guint32 id)
{
  WherryMuxStream *stream;

  if ((id & 1) == (self->next_own & 1) || id <= self->last_other)
    {
      fail_protocol (self, _ ("the other side opened a stream that was open"));
      return;
    }
  self->last_other = id;
  if (g_hash_table_size (self->streams) >= self->max_streams)
    {
      wherry_mux_queue_reset (self, id, WHERRY_MUX_CODE_LIMIT, NULL);
      return;
    }
  stream = wherry_mux_stream_new (self, id);
  wherry_mux_stream_ref (stream);
  g_hash_table_insert (self->streams, GUINT_TO_POINTER (id), stream);
  self->events->opened (self->user_data, stream);
  if (stream->mux != NULL && stream->events == NULL)
    wherry_mux_stream_reset (stream, WHERRY_MUX_CODE_REFUSED, NULL);
  wherry_mux_stream_unref (stream);
}

static void
take_data (WherryMux *self, WherryMuxStream *stream, GBytes *data)
{
  gint64 cost = (gint64) (g_bytes_get_size (data) + WHERRY_MUX_COST);

  self->receive_left -= cost;
  if (stream != NULL)
    stream->receive_left -= cost;
  if (self->receive_left < 0 || (stream != NULL && stream->receive_left < 0))
    {
      fail_protocol (self, _ ("the other side sent more than there was room for"));
      return;
    }
  if (stream != NULL && stream->end_received)
    {
      fail_protocol (self, _ ("the other side sent more behind the end"));
      return;
    }
  if (stream != NULL)
    {
      stream->held += cost;
      stream->events->data (stream->user_data, data);
    }
  if (get_owed (self) > 0 && !self->is_blocked)
    wherry_mux_flush (self);
}

static void
take_credit (WherryMux *self, WherryMuxStream *stream, guint32 id, guint32 credit)
{
  guint64 *counter = id == 0 ? &self->send_credit : stream != NULL ? &stream->send_credit : NULL;

  if (counter == NULL)
    return;
  *counter += credit;
  if (*counter > CREDIT_MAX)
    {
      fail_protocol (self, _ ("the other side gave more credit than there is"));
      return;
    }
  if (stream != NULL)
    {
      wherry_mux_enqueue (self, stream);
      return;
    }
  while (self->starved.length > 0)
    g_queue_push_tail (&self->ready, g_queue_pop_head (&self->starved));
  if (!self->is_blocked)
    wherry_mux_flush (self);
}

static void
take_end (WherryMux *self, WherryMuxStream *stream)
{
  if (stream->end_received)
    {
      fail_protocol (self, _ ("the other side ended a stream twice"));
      return;
    }
  stream->end_received = TRUE;
  stream->events->ended (stream->user_data);
}

static void
take_done (WherryMux *self, WherryMuxStream *stream)
{
  if (!stream->end_sent || stream->done_received)
    {
      fail_protocol (self, _ ("the other side had an end that was not sent"));
      return;
    }
  stream->done_received = TRUE;
  wherry_mux_stream_settle (stream);
}

static void
take_reset (WherryMuxStream *stream, const WherryMuxFrame *frame)
{
  g_autoptr (GError) error = wherry_mux_error_new (frame->code, frame->text);

  wherry_mux_stream_close (stream, error, TRUE);
}

static void
dispatch (WherryMux *self, WherryMuxStream *stream, const WherryMuxFrame *frame)
{
  g_autoptr (GError) error = NULL;

  switch (frame->type)
    {
    case WHERRY_MUX_OPEN:
      take_open (self, frame->stream);
      break;
    case WHERRY_MUX_DATA:
      take_data (self, stream, frame->data);
      break;
    case WHERRY_MUX_CREDIT:
      take_credit (self, stream, frame->stream, frame->credit);
      break;
    case WHERRY_MUX_END:
      if (stream != NULL)
        take_end (self, stream);
      break;
    case WHERRY_MUX_DONE:
      if (stream != NULL)
        take_done (self, stream);
      break;
    case WHERRY_MUX_RESET:
      if (stream != NULL)
        take_reset (stream, frame);
      break;
    case WHERRY_MUX_REFUSE:
      error = wherry_mux_error_new (frame->code, frame->text);
      fail (self, error);
      break;
    case WHERRY_MUX_INVITE:
    case WHERRY_MUX_ACCEPT:
    case WHERRY_MUX_DESCRIBE:
    default:
      fail_protocol (self, _ ("the other side began again"));
      break;
    }
}

void
wherry_mux_take (WherryMux *self, const WherryMuxFrame *frame)
{
  WherryMuxStream *stream;

  if (self->events == NULL)
    return;
  stream = frame->stream != 0
               ? g_hash_table_lookup (self->streams, GUINT_TO_POINTER (frame->stream))
               : NULL;
  if (frame->stream != 0 && frame->type != WHERRY_MUX_OPEN && stream == NULL
      && !is_past (self, frame->stream))
    {
      fail_protocol (self, _ ("the other side sent on a stream that was never opened"));
      return;
    }
  self->ref_count++;
  if (stream != NULL)
    wherry_mux_stream_ref (stream);
  dispatch (self, stream, frame);
  if (stream != NULL)
    wherry_mux_stream_unref (stream);
  unref (self);
}

/* ---- life ---- */

WherryMux *
wherry_mux_new (const WherryMuxGreeting *ours, const WherryMuxGreeting *theirs, gboolean is_inviter,
                guint max_streams, const WherryMuxEvents *events, gpointer user_data)
{
  WherryMux *self = g_new0 (WherryMux, 1);

  self->ref_count = 1;
  self->events = events;
  self->user_data = user_data;
  self->streams
      = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) wherry_mux_stream_unref);
  g_queue_init (&self->ready);
  g_queue_init (&self->starved);
  g_queue_init (&self->resets);
  self->max_streams = max_streams;
  self->next_own = is_inviter ? 1 : 2;
  self->our_stream_window = ours->stream_window;
  self->their_stream_window = theirs->stream_window;
  self->window = ours->session_window;
  self->receive_left = ours->session_window;
  self->send_credit = theirs->session_window;
  return self;
}

void
wherry_mux_free (WherryMux *self)
{
  self->events = NULL;
  close_streams (self, NULL, FALSE);
  unref (self);
}

void
wherry_mux_set_window (WherryMux *self, guint32 window)
{
  self->window = window;
  if (!self->is_blocked)
    wherry_mux_flush (self);
}

guint
wherry_mux_count_streams (WherryMux *self)
{
  return g_hash_table_size (self->streams);
}

WherryMuxStream *
wherry_mux_open (WherryMux *self, const WherryMuxStreamEvents *events, gpointer user_data)
{
  WherryMuxStream *stream = wherry_mux_stream_new (self, self->next_own);
  gboolean alive;

  self->next_own += 2;
  wherry_mux_stream_take (stream, events, user_data);
  stream->open_owed = TRUE;
  g_hash_table_insert (self->streams, GUINT_TO_POINTER (stream->id), stream);
  wherry_mux_stream_ref (stream);
  wherry_mux_enqueue (self, stream);
  alive = stream->mux != NULL;
  wherry_mux_stream_unref (stream);
  return alive ? stream : NULL;
}
