/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include <glib/gi18n.h>

#include "cli/peer/wherry-noises.h"
#include "cli/peer/wherry-step-log.h"
#include "cli/wherry-terminal.h"

#define CAT_SIZE 8192
#define OTHER_SIZE 16384
/* Characters of a label that are shown: it may have 65535 bytes (RFC 8832 section 5.1). */
#define LABEL_SHOWN 64
/* A stream reset is answered within a round trip, or the other side is gone. */
#define CLOSE_TIMEOUT_MS 3000

struct _WherryNoises
{
  WherryPeerConnection *connection;
  GPtrArray *channels; /* of WherryDataChannel that are not closed */
  void (*closed) (gpointer user_data);
  gpointer user_data;
  GSource *closed_source; /* (nullable) */
};

/* (transfer full) */
static char *
get_name (WherryDataChannel *channel)
{
  const char *label = wherry_data_channel_get_label (channel);
  g_autofree char *safe = wherry_terminal_safe (label);
  g_autofree char *head = NULL;

  if (g_utf8_strlen (safe, -1) <= LABEL_SHOWN)
    return g_steal_pointer (&safe);
  head = g_utf8_substring (safe, 0, LABEL_SHOWN);
  return g_strconcat (head, "…", NULL);
}

/* (transfer full): "id 3, in band, reliable, unordered" */
static char *
describe (WherryDataChannel *channel)
{
  int lifetime = wherry_data_channel_get_max_packet_life_time (channel);
  int retransmits = wherry_data_channel_get_max_retransmits (channel);
  g_autofree char *reliability = NULL;

  if (lifetime >= 0)
    reliability = g_strdup_printf (_ ("sent for %d ms"), lifetime);
  else if (retransmits >= 0)
    reliability = g_strdup_printf (_ ("sent again %d times"), retransmits);
  else
    reliability = g_strdup (_ ("reliable"));
  return g_strdup_printf (
      _ ("id %d, %s, %s, %s"), wherry_data_channel_get_id (channel),
      wherry_data_channel_get_negotiated (channel) ? _ ("negotiated") : _ ("in band"), reliability,
      wherry_data_channel_get_ordered (channel) ? _ ("ordered") : _ ("unordered"));
}

static void
make_noise (WherryDataChannel *channel, gsize size)
{
  g_autofree char *name = get_name (channel);
  g_autoptr (GBytes) noise = NULL;
  g_autoptr (GError) error = NULL;
  char *data = g_malloc (size);

  memset (data, 'M', size);
  noise = g_bytes_new_take (data, size);
  if (wherry_data_channel_send_bytes (channel, noise, &error))
    wherry_steps_say (_ ("channel %s: message out, %zu bytes, binary"), name, size);
  else
    wherry_steps_say (_ ("channel %s: message not sent: %s"), name, error->message);
}

static void
on_open (WherryDataChannel *channel, gpointer data)
{
  g_autofree char *name = get_name (channel);
  g_autofree char *how = describe (channel);
  gsize size = GPOINTER_TO_SIZE (data);

  wherry_steps_say (_ ("channel %s: open, %s"), name, how);
  if (size > 0)
    make_noise (channel, size);
}

static void
on_message (WherryDataChannel *channel, GBytes *bytes, gboolean is_text, gpointer data)
{
  g_autofree char *name = get_name (channel);

  wherry_steps_say (_ ("channel %s: message in, %zu bytes, %s"), name, g_bytes_get_size (bytes),
                    is_text ? _ ("text") : _ ("binary"));
}

static void
on_buffered_amount_low (WherryDataChannel *channel, gpointer data)
{
  g_autofree char *name = get_name (channel);

  wherry_steps_say (_ ("channel %s: buffered amount low, %" PRIu64 " bytes"), name,
                    wherry_data_channel_get_buffered_amount (channel));
}

static void
on_error (WherryDataChannel *channel, const GError *error, gpointer data)
{
  g_autofree char *name = get_name (channel);
  g_autofree char *safe = wherry_terminal_safe (error->message);

  wherry_steps_say (_ ("channel %s: error: %s"), name, safe);
}

static void
on_closing (WherryDataChannel *channel, gpointer data)
{
  g_autofree char *name = get_name (channel);

  wherry_steps_say (_ ("channel %s: closing, by the other side"), name);
}

/* ---- closing ---- */

static gboolean
tell_closed (gpointer data)
{
  WherryNoises *self = data;

  g_clear_pointer (&self->closed_source, g_source_unref);
  for (guint i = 0; i < self->channels->len; i++)
    {
      g_autofree char *name = get_name (g_ptr_array_index (self->channels, i));

      wherry_steps_say (_ ("channel %s: the other side does not answer"), name);
    }
  self->closed (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
tell_closed_in (WherryNoises *self, guint ms)
{
  if (self->closed_source != NULL)
    {
      g_source_destroy (self->closed_source);
      g_source_unref (self->closed_source);
    }
  self->closed_source = ms > 0 ? g_timeout_source_new (ms) : g_idle_source_new ();
  g_source_set_callback (self->closed_source, tell_closed, self, NULL);
  g_source_attach (self->closed_source, NULL);
}

static void
on_closed (WherryDataChannel *channel, gpointer data)
{
  WherryNoises *self = data;
  g_autofree char *name = get_name (channel);

  wherry_steps_say (_ ("channel %s: closed"), name);
  g_signal_handlers_disconnect_by_data (channel, self);
  g_ptr_array_remove (self->channels, channel);
  if (self->closed != NULL && self->channels->len == 0)
    tell_closed_in (self, 0);
}

void
wherry_noises_close (WherryNoises *self, void (*closed) (gpointer user_data), gpointer user_data)
{
  /* a channel that was not open is closed within the call */
  g_autoptr (GPtrArray) channels = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->channels->len; i++)
    g_ptr_array_add (channels, g_object_ref (g_ptr_array_index (self->channels, i)));
  self->closed = closed;
  self->user_data = user_data;
  tell_closed_in (self, self->channels->len > 0 ? CLOSE_TIMEOUT_MS : 0);
  for (guint i = 0; i < channels->len; i++)
    {
      WherryDataChannel *channel = g_ptr_array_index (channels, i);
      g_autofree char *name = get_name (channel);

      wherry_steps_say (_ ("channel %s: closing"), name);
      wherry_data_channel_close (channel);
    }
}

/* ---- making ---- */

/* size: of what is sent when it opens, or 0 */
static void
watch (WherryNoises *self, WherryDataChannel *channel, gsize size)
{
  g_ptr_array_add (self->channels, g_object_ref (channel));
  g_signal_connect (channel, "open", G_CALLBACK (on_open), GSIZE_TO_POINTER (size));
  g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
  g_signal_connect (channel, "buffered-amount-low", G_CALLBACK (on_buffered_amount_low), self);
  g_signal_connect (channel, "error", G_CALLBACK (on_error), self);
  g_signal_connect (channel, "closing", G_CALLBACK (on_closing), self);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), self);
}

static void
on_data_channel (WherryPeerConnection *connection, WherryDataChannel *channel, gpointer data)
{
  g_autofree char *name = get_name (channel);
  g_autofree char *how = describe (channel);

  wherry_steps_say (_ ("new channel from the other side: %s, %s"), name, how);
  watch (data, channel, 0);
}

static gboolean
create (WherryNoises *self, const char *label, WherryDataChannelInit *init, gsize size,
        GError **error)
{
  g_autoptr (WherryDataChannel) channel
      = wherry_peer_connection_create_data_channel (self->connection, label, init, error);

  if (channel == NULL)
    return FALSE;
  watch (self, channel, size);
  return TRUE;
}

WherryNoises *
wherry_noises_new (WherryPeerConnection *connection, gboolean is_offering, GError **error)
{
  g_autoptr (WherryNoises) self = g_new0 (WherryNoises, 1);
  g_autoptr (WherryDataChannelInit) cat = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannelInit) other = wherry_data_channel_init_new ();

  self->connection = g_object_ref (connection);
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (connection, "data-channel", G_CALLBACK (on_data_channel), self);
  cat->negotiated = TRUE;
  cat->id = 0;
  other->ordered = FALSE;
  if (!create (self, "cat-noises", cat, CAT_SIZE, error)
      || !create (self, is_offering ? "bear-noises" : "lion-noises", other, OTHER_SIZE, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
wherry_noises_free (WherryNoises *self)
{
  if (self->closed_source != NULL)
    {
      g_source_destroy (self->closed_source);
      g_source_unref (self->closed_source);
    }
  for (guint i = 0; i < self->channels->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->channels, i), self);
  g_signal_handlers_disconnect_by_data (self->connection, self);
  g_ptr_array_unref (self->channels);
  g_object_unref (self->connection);
  g_free (self);
}
