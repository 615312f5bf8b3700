/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-error.h"
#include "lib/wherry-connection-private.h"

/* What a channel has been given and the network has not is counted here, on the creator's thread,
 * so that it changes only between two turns of the loop (webrtc-pc section 6.2, bufferedAmount). */

static gboolean
has_room (WherryChannelCore *self, gsize length)
{
  return self->buffered == 0 || self->buffered + length <= self->connection->send_buffer_limit;
}

static gboolean
check (WherryChannelCore *self, gsize length, GError **error)
{
  if (self->state != WHERRY_DATA_CHANNEL_STATE_OPEN || self->connection->closed)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                   "Sending on channel “%s”: it is not open", self->label);
      return FALSE;
    }
  if (length > self->connection->remote_max_message_size)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE,
                   "Sending %" G_GSIZE_FORMAT
                   " bytes on channel “%s”: the other side takes %" G_GSIZE_FORMAT,
                   length, self->label, self->connection->remote_max_message_size);
      return FALSE;
    }
  return TRUE;
}

void
wherry_channel_core_push (WherryChannelCore *self, WherryMessage *message)
{
  gsize length = wherry_message_get_length (message);

  self->messages_sent++;
  self->bytes_sent += length;
  self->buffered += length;
  wherry_connection_post_send (self->connection, self, message);
}

gboolean
wherry_channel_core_send (WherryChannelCore *self, WherryMessage *message, GError **error)
{
  g_autoptr (WherryMessage) taken = message;
  gsize length = wherry_message_get_length (message);

  if (!check (self, length, error))
    return FALSE;
  if (!g_queue_is_empty (&self->waiting) || !has_room (self, length))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK,
                   "Sending on channel “%s”: %" G_GUINT64_FORMAT " bytes wait already", self->label,
                   self->buffered);
      return FALSE;
    }
  wherry_channel_core_push (self, g_steal_pointer (&taken));
  return TRUE;
}

/* ---- waiting for room ---- */

typedef struct
{
  WherryChannelCore *core; /* a reference */
  WherryMessage *message;
  GSource *cancel_source; /* (nullable) */
} Waiting;

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  if (waiting->cancel_source != NULL)
    g_source_destroy (waiting->cancel_source);
  g_clear_pointer (&waiting->cancel_source, g_source_unref);
  g_clear_pointer (&waiting->message, wherry_message_unref);
  wherry_channel_core_unref (waiting->core);
  g_free (waiting);
}

/* Takes task. Whether it was cancelled is said by the task itself. */
static void
finish (GTask *task, GError *error)
{
  Waiting *waiting = g_task_get_task_data (task);

  if (waiting->cancel_source != NULL)
    g_source_destroy (waiting->cancel_source);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  Waiting *waiting = g_task_get_task_data (task);
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  if (g_queue_remove (&waiting->core->waiting, task))
    finish (task, error);
  else
    g_clear_error (&error);
  return G_SOURCE_REMOVE;
}

void
wherry_channel_core_send_when_possible (WherryChannelCore *self, WherryMessage *message,
                                        GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Waiting *waiting = g_new0 (Waiting, 1);
  gsize length = wherry_message_get_length (message);
  GError *error = NULL;

  waiting->core = wherry_channel_core_ref (self);
  waiting->message = message;
  g_task_set_task_data (task, waiting, waiting_free);
  /* once it was taken, it was sent: a later cancellation does not undo that */
  g_task_set_check_cancellable (task, FALSE);
  if (g_cancellable_set_error_if_cancelled (cancellable, &error) || !check (self, length, &error))
    {
      finish (task, error);
      return;
    }
  if (g_queue_is_empty (&self->waiting) && has_room (self, length))
    {
      wherry_channel_core_push (self, g_steal_pointer (&waiting->message));
      finish (task, NULL);
      return;
    }
  g_queue_push_tail (&self->waiting, task);
  if (cancellable == NULL)
    return;
  waiting->cancel_source = g_cancellable_source_new (cancellable);
  g_source_set_callback (waiting->cancel_source, G_SOURCE_FUNC (on_cancelled), task, NULL);
  g_source_attach (waiting->cancel_source, self->connection->context);
}

void
wherry_channel_core_fail_waiting (WherryChannelCore *self)
{
  GTask *task = NULL;

  while ((task = g_queue_pop_head (&self->waiting)) != NULL)
    finish (task, g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                               "Sending on channel “%s”: it was closed", self->label));
}

static void
send_waiting (WherryChannelCore *self)
{
  GTask *task = NULL;

  while (!self->connection->closed && (task = g_queue_peek_head (&self->waiting)) != NULL)
    {
      Waiting *waiting = g_task_get_task_data (task);

      if (!has_room (self, wherry_message_get_length (waiting->message)))
        return;
      g_queue_pop_head (&self->waiting);
      wherry_channel_core_push (self, g_steal_pointer (&waiting->message));
      finish (task, NULL);
    }
}

void
wherry_channel_core_sent (WherryChannelCore *self)
{
  g_autoptr (WherryChannelCore) kept = wherry_channel_core_ref (self);
  guint64 before = self->buffered;
  g_autoptr (WherryDataChannel) shell = NULL;

  self->buffered -= wherry_connection_take_sent (self->connection, self);
  send_waiting (self);
  shell = wherry_channel_core_get_shell (self);
  if (shell != NULL && before > self->low_threshold && self->buffered <= self->low_threshold)
    wherry_data_channel_emit (shell, "buffered-amount-low");
}
