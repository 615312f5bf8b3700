/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-link-private.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/wherry-terminal.h"

#define TOPIC "files"
/* How long another sender of the room may take to welcome us after one has refused. */
#define REFUSED_WAIT_S 3
/* How long what was sent last on a direct connection may take. */
#define CLOSING_WAIT_S 10

static void
fail (WherryFileLink *self, const GError *error)
{
  if (!self->finishing)
    self->hooks.failed (error, self->user_data);
}

static void
fail_with (WherryFileLink *self, GQuark domain, int code, const char *what)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, what);

  fail (self, error);
}

/* ---- waiting for the other side ---- */

static gboolean
on_waited (gpointer data)
{
  WherryFileLink *self = data;

  self->waiting = 0;
  if (self->was_met)
    fail_with (self, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_ENDED,
               _ ("the other side left and did not come back in time"));
  else
    fail_with (self, WHERRY_ERROR, WHERRY_ERROR_TIMEOUT, _ ("nobody with this code came in time"));
  return G_SOURCE_REMOVE;
}

void
wherry_file_link_wait (WherryFileLink *self)
{
  if (self->waiting == 0 && self->options.wait_seconds > 0)
    self->waiting = g_timeout_add_seconds (self->options.wait_seconds, on_waited, self);
}

static void
tell_met (WherryFileLink *self)
{
  g_clear_handle_id (&self->waiting, g_source_remove);
  self->is_met = self->was_met = TRUE;
  self->hooks.met (self->user_data);
}

/* ---- direct ---- */

static gboolean
on_sweep (gpointer data)
{
  WherryFileLink *self = data;

  self->sweeping = 0;
  g_ptr_array_set_size (self->spent, 0);
  return G_SOURCE_REMOVE;
}

/* It may be speaking just now, so it is freed later. */
static void
drop_direct (WherryFileLink *self)
{
  if (self->direct == NULL)
    return;
  g_ptr_array_add (self->spent, g_steal_pointer (&self->direct));
  if (self->sweeping == 0)
    self->sweeping = g_idle_add (on_sweep, self);
}

static gboolean
on_flush (gpointer data)
{
  WherryFileLink *self = data;

  self->flushing = 0;
  wherry_file_meeting_flush (self->meeting);
  return G_SOURCE_REMOVE;
}

/* What is said at once goes in one message: many small files, and what is said of them. */
void
wherry_file_link_send (WherryFileLink *self, GBytes *record)
{
  wherry_file_meeting_send (self->meeting, record);
  if (self->flushing == 0)
    self->flushing = g_idle_add_full (G_PRIORITY_DEFAULT, on_flush, self, NULL);
}

static void
send_text (WherryFileLink *self, WherryFileRecordType type, const char *text)
{
  const WherryFileRecord record
      = { .type = type, .bytes = (const guint8 *) text, .length = strlen (text) };
  g_autoptr (GBytes) bytes = NULL;

  if (record.length > WHERRY_FILE_DATA_MAX)
    {
      g_warning ("a description of %" G_GSIZE_FORMAT " bytes cannot be sent", record.length);
      return;
    }
  bytes = wherry_file_record_write (&record);
  wherry_file_meeting_send (self->meeting, bytes);
  wherry_file_meeting_flush (self->meeting);
}

static void
on_direct_described (const char *sdp, gpointer data)
{
  WherryFileLink *self = data;

  send_text (self,
             self->options.is_sender ? WHERRY_FILE_RECORD_CONNECT : WHERRY_FILE_RECORD_CONNECTED,
             sdp);
}

static void
on_direct_opened (gpointer data)
{
  WherryFileLink *self = data;

  if (self->options.is_sender)
    tell_met (self);
}

static void
on_direct_message (GBytes *message, gpointer data)
{
  WherryFileLink *self = data;
  const char *member = wherry_file_meeting_get_member (self->meeting);
  g_autofree char *from = g_strdup (member != NULL ? member : "");

  if (!self->finishing)
    wherry_file_meeting_take (self->meeting, from, message);
}

static void leave (WherryFileLink *self);

static void
on_direct_closed (const GError *error, gpointer data)
{
  WherryFileLink *self = data;

  if (self->finishing)
    {
      leave (self);
      return;
    }
  if (!self->is_met)
    {
      fail (self, error);
      return;
    }
  drop_direct (self);
  wherry_file_meeting_lose (self->meeting);
  wherry_file_meeting_open (self->meeting);
}

static void
connect_directly (WherryFileLink *self, const char *offer)
{
  const WherryDirectChannelHooks hooks
      = { on_direct_described, on_direct_opened, on_direct_message, on_direct_closed };

  drop_direct (self);
  self->direct = wherry_direct_channel_new (self->configuration, offer, &hooks, self);
}

/* ---- what the meeting says ---- */

static void
on_send (const char *to, GBytes *message, gboolean sealed, gpointer data)
{
  WherryFileLink *self = data;
  g_autoptr (GError) error = NULL;

  if (sealed && self->direct != NULL && wherry_direct_channel_is_open (self->direct))
    wherry_direct_channel_send (self->direct, message);
  else if (!wherry_client_channel_send_bytes (self->channel, message, to, &error))
    g_info ("%s", error->message);
}

static void
on_met (const char *member, gpointer data)
{
  WherryFileLink *self = data;

  g_clear_handle_id (&self->refused, g_source_remove);
  self->began = FALSE;
  if (!self->options.is_sender)
    tell_met (self);
}

static void
begin_as_sender (WherryFileLink *self, const WherryFileRecord *record)
{
  if (record->type != WHERRY_FILE_RECORD_READY)
    wherry_file_meeting_lose (self->meeting);
  else if (!self->options.direct)
    tell_met (self);
  else if ((record->number & WHERRY_FILE_READY_NOT_DIRECT) != 0)
    fail_with (self, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED,
               _ ("the receiver does not connect directly; try it without --direct"));
  else
    connect_directly (self, NULL);
}

/* Takes what is about the connection; FALSE: the record is for the transfer. */
static gboolean
take_own (WherryFileLink *self, const WherryFileRecord *record, gboolean first)
{
  g_autofree char *sdp = g_strndup ((const char *) record->bytes, record->length);

  if (self->options.is_sender && first)
    begin_as_sender (self, record);
  else if (self->options.is_sender && record->type == WHERRY_FILE_RECORD_CONNECTED
           && self->direct != NULL && !self->is_met)
    wherry_direct_channel_answer (self->direct, sdp);
  else if (!self->options.is_sender && first && record->type == WHERRY_FILE_RECORD_CONNECT
           && self->options.direct)
    connect_directly (self, sdp);
  else
    return FALSE;
  return TRUE;
}

static void
on_record (GBytes *bytes, gpointer data)
{
  WherryFileLink *self = data;
  gsize length;
  const guint8 *content = g_bytes_get_data (bytes, &length);
  const gboolean first = !self->began;
  WherryFileRecord record;

  self->began = TRUE;
  if (wherry_file_record_parse (&record, content, length, NULL) && take_own (self, &record, first))
    return;
  if (self->is_met)
    self->hooks.record (bytes, self->user_data);
}

static void
on_lost (gpointer data)
{
  WherryFileLink *self = data;

  drop_direct (self);
  if (self->is_met)
    {
      self->is_met = FALSE;
      self->hooks.lost (self->user_data);
    }
  wherry_file_link_wait (self);
}

static gboolean
on_refused_waited (gpointer data)
{
  WherryFileLink *self = data;

  self->refused = 0;
  fail_with (self, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNVERIFIED,
             _ ("the sender says that the code is wrong"));
  return G_SOURCE_REMOVE;
}

static void
on_refused (WherryFileRefusal why, gpointer data)
{
  WherryFileLink *self = data;

  if (why == WHERRY_FILE_REFUSAL_VERSION)
    fail_with (self, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_PROTOCOL,
               _ ("the sender speaks another version of the protocol: is one of you older?"));
  else if (why == WHERRY_FILE_REFUSAL_REPLACED)
    fail_with (self, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REPLACED, wherry_file_replaced_text ());
  else if (self->refused == 0)
    self->refused = g_timeout_add_seconds (REFUSED_WAIT_S, on_refused_waited, self);
}

static void
on_failed (const GError *error, gpointer data)
{
  fail (data, error);
}

/* ---- its life ---- */

WherryFileLink *
wherry_file_link_new (WherryInvocation *invocation, WherryRoomSession *session,
                      const WherryFileSecret *secret, const WherryFileLinkOptions *options,
                      const WherryFileLinkHooks *hooks, gpointer user_data, GError **error)
{
  const WherryFileMeetingHooks meeting_hooks
      = { on_send, on_met, on_record, on_lost, on_refused, on_failed };
  g_autoptr (WherryConfiguration) configuration
      = wherry_invocation_make_configuration (invocation, error);
  WherryClient *client = wherry_room_session_get_client (session);
  g_autoptr (WherryClientChannel) channel = NULL;
  WherryFileLink *self;

  if (configuration == NULL)
    return NULL;
  g_object_set (client, "mirror", FALSE, NULL);
  channel = wherry_client_open_channel (client, TOPIC, NULL, error);
  if (channel == NULL)
    return NULL;
  self = g_new0 (WherryFileLink, 1);
  self->invocation = invocation;
  self->session = session;
  self->client = g_object_ref (client);
  self->channel = g_steal_pointer (&channel);
  self->configuration = g_steal_pointer (&configuration);
  self->options = *options;
  self->only = g_strdup (options->only);
  self->hooks = *hooks;
  self->user_data = user_data;
  self->spent = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_direct_channel_free);
  self->meeting = wherry_file_meeting_new (secret, options->is_sender,
                                           options->direct ? 0 : WHERRY_FILE_READY_NOT_DIRECT,
                                           &meeting_hooks, self);
  g_signal_connect (self->channel, "message", G_CALLBACK (wherry_file_link_take_message), self);
  g_signal_connect_swapped (self->channel, "notify::ready-state",
                            G_CALLBACK (wherry_file_link_take_ready), self);
  g_signal_connect_swapped (wherry_client_get_members (client), "items-changed",
                            G_CALLBACK (wherry_file_link_look_who_is_there), self);
  g_signal_connect_swapped (client, "gap", G_CALLBACK (wherry_file_link_take_gap), self);
  g_signal_connect_swapped (client, "notify::state",
                            G_CALLBACK (wherry_file_link_look_who_is_there), self);
  return self;
}

void
wherry_file_link_free (WherryFileLink *self)
{
  g_clear_handle_id (&self->refused, g_source_remove);
  g_clear_handle_id (&self->waiting, g_source_remove);
  g_clear_handle_id (&self->closing, g_source_remove);
  g_clear_handle_id (&self->sweeping, g_source_remove);
  g_clear_handle_id (&self->gone, g_source_remove);
  g_clear_handle_id (&self->flushing, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_signal_handlers_disconnect_by_data (wherry_client_get_members (self->client), self);
  g_signal_handlers_disconnect_by_data (self->channel, self);
  g_clear_pointer (&self->direct, wherry_direct_channel_free);
  g_ptr_array_unref (self->spent);
  wherry_file_meeting_free (self->meeting);
  g_object_unref (self->channel);
  g_object_unref (self->configuration);
  g_object_unref (self->client);
  g_free (self->only);
  g_free (self);
}

static void
leave (WherryFileLink *self)
{
  g_clear_handle_id (&self->closing, g_source_remove);
  wherry_room_session_leave (self->session, self->result);
}

static gboolean
on_closing_waited (gpointer data)
{
  WherryFileLink *self = data;

  self->closing = 0;
  leave (self);
  return G_SOURCE_REMOVE;
}

void
wherry_file_link_finish (WherryFileLink *self, WherryExit result)
{
  if (self->finishing)
    return;
  wherry_file_meeting_flush (self->meeting);
  self->finishing = TRUE;
  self->result = result;
  g_clear_handle_id (&self->refused, g_source_remove);
  g_clear_handle_id (&self->waiting, g_source_remove);
  if (self->direct == NULL || !wherry_direct_channel_is_open (self->direct))
    {
      leave (self);
      return;
    }
  self->closing = g_timeout_add_seconds (CLOSING_WAIT_S, on_closing_waited, self);
  wherry_direct_channel_close (self->direct);
}

char *
wherry_file_link_describe (WherryFileLink *self)
{
  const char *member = wherry_file_meeting_get_member (self->meeting);

  return member != NULL ? wherry_room_session_describe (self->session, member) : NULL;
}

WherryPeerConnection *
wherry_file_link_get_connection (WherryFileLink *self)
{
  return self->direct != NULL ? wherry_direct_channel_get_connection (self->direct)
                              : wherry_client_get_connection (self->client);
}

gboolean
wherry_file_link_is_direct (WherryFileLink *self)
{
  return self->direct != NULL;
}
