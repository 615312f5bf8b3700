/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "lib/wherry-channel-stream-private.h"
#include "lib/wherry-connection-private.h"

/* One that was not made by a connection can do nothing. */
static gboolean
is_usable (gpointer self)
{
  return WHERRY_IS_DATA_CHANNEL (self) && wherry_data_channel_get_core (self) != NULL;
}

/* NULL: it is no UTF-8 */
static WherryMessage *
text_message (const char *text, GError **error)
{
  gsize length = strlen (text);

  if (g_utf8_validate (text, (gssize) length, NULL))
    return wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) text, length, NULL);
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "Sending text that is no UTF-8");
  return NULL;
}

gboolean
wherry_data_channel_send_text (WherryDataChannel *self, const char *text, GError **error)
{
  WherryMessage *message = NULL;

  g_return_val_if_fail (is_usable (self), FALSE);
  g_return_val_if_fail (text != NULL, FALSE);

  message = text_message (text, error);
  return message != NULL
         && wherry_channel_core_send (wherry_data_channel_get_core (self), message, error);
}

gboolean
wherry_data_channel_send_bytes (WherryDataChannel *self, GBytes *bytes, GError **error)
{
  g_return_val_if_fail (is_usable (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);

  return wherry_channel_core_send (wherry_data_channel_get_core (self),
                                   wherry_message_new_bytes (WHERRY_MESSAGE_BINARY, bytes, NULL),
                                   error);
}

void
wherry_data_channel_send_text_async (WherryDataChannel *self, const char *text,
                                     GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  WherryMessage *message = NULL;
  GError *error = NULL;

  g_return_if_fail (is_usable (self));
  g_return_if_fail (text != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, wherry_data_channel_send_text_async);
  message = text_message (text, &error);
  if (message == NULL)
    g_task_return_error (task, error);
  else
    wherry_channel_core_send_when_possible (wherry_data_channel_get_core (self), message,
                                            g_steal_pointer (&task));
}

gboolean
wherry_data_channel_send_text_finish (WherryDataChannel *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
wherry_data_channel_send_bytes_async (WherryDataChannel *self, GBytes *bytes,
                                      GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  GTask *task = NULL;

  g_return_if_fail (is_usable (self));
  g_return_if_fail (bytes != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, wherry_data_channel_send_bytes_async);
  wherry_channel_core_send_when_possible (wherry_data_channel_get_core (self),
                                          wherry_message_new_bytes (WHERRY_MESSAGE_BINARY, bytes,
                                                                    NULL),
                                          task);
}

gboolean
wherry_data_channel_send_bytes_finish (WherryDataChannel *self, GAsyncResult *result,
                                       GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
wherry_data_channel_close (WherryDataChannel *self)
{
  g_return_if_fail (is_usable (self));

  if (!wherry_data_channel_get_core (self)->connection->closed)
    wherry_channel_core_close (wherry_data_channel_get_core (self));
}

GIOStream *
wherry_data_channel_get_stream (WherryDataChannel *self)
{
  WherryChannelCore *core = NULL;

  g_return_val_if_fail (is_usable (self), NULL);

  core = wherry_data_channel_get_core (self);
  if (core->stream != NULL)
    return g_object_ref (core->stream);
  wherry_channel_core_start_pulling (core);
  g_set_weak_pointer (&core->stream, wherry_channel_stream_new (self));
  return core->stream;
}
