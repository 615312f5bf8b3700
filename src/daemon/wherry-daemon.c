/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gi18n.h>

#include "base/wherry-log.h"
#include "base/wherry-worker-pool.h"
#include "daemon/wherry-daemon-heap.h"
#include "daemon/wherry-daemon-slices.h"
#include "daemon/wherry-daemon.h"
#include "ice/wherry-ice-network.h"
#include "relay/wherry-relay-hub.h"
#include "sctp/wherry-sctp-runtime.h"
#include "signaling/wherry-bind-policy.h"
#include "signaling/wherry-signaling-server.h"

/* glibc gives every thread an arena of its own, up to eight for each processor, and memory freed by
 * one thread is kept for it. Peers are many threads of which few work at a time. */
#define MALLOC_ARENAS 4

typedef struct
{
  /* hub thread only */
  GMainLoop *loop;
  WherryRelayHub *relay;
  WherrySignalingServer *server;
  WherryAdmission *admission;
  WherryTokenKeys *keys; /* (borrowed); NULL: none */
  WherryDaemonHeap heap;
  WherryIceConfig *ice; /* as it was asked for */
  GPtrArray *listen;    /* of GInetSocketAddress (borrowed) */
  gboolean stopping;
} Daemon;

static void
on_server_done (gpointer user_data)
{
  Daemon *self = user_data;

  g_main_loop_quit (self->loop);
}

static void
on_relay_done (gpointer user_data)
{
  Daemon *self = user_data;

  wherry_signaling_server_shutdown (self->server, on_server_done, self);
}

static gboolean
on_signal (gpointer user_data)
{
  Daemon *self = user_data;

  if (self->stopping)
    {
      fprintf (stderr, "wherryd: %s\n", _ ("told again to end: ending at once"));
      _exit (WHERRY_EXIT_FAILED);
    }

  self->stopping = TRUE;
  wherry_message (NULL, "Shutting down");
  wherry_signaling_server_drain (self->server);
  wherry_relay_hub_shutdown (self->relay, on_relay_done, self);
  return G_SOURCE_CONTINUE;
}

/* SIGHUP: what is read from files is read again. */
static gboolean
on_reload (gpointer user_data)
{
  Daemon *self = user_data;
  g_autoptr (GError) error = NULL;

  if (self->keys != NULL && !wherry_token_keys_reload (self->keys, &error))
    wherry_warning (NULL, "kept the keys for tokens as they were: %s", error->message);
  else if (self->keys != NULL)
    wherry_message (NULL, "read %u keys for tokens", wherry_token_keys_get_n (self->keys));
  return G_SOURCE_CONTINUE;
}

static void
on_peers (gpointer user_data, guint n)
{
  wherry_daemon_heap_set_peers (user_data, n);
}

/* Which addresses are the right ones may be another question now. */
static void
on_network (gpointer user_data)
{
  Daemon *self = user_data;
  WherryIceConfig *ice = wherry_ice_config_copy (self->ice);

  wherry_bind_policy_apply (ice, self->listen);
  wherry_relay_hub_set_ice (self->relay, ice);
}

/* The soft limit is often 1024, for the sake of select(), which nothing here uses. */
static void
raise_file_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    wherry_warning (NULL, "Could not raise the limit of open files");
}

static gboolean
listen_all (Daemon *self, WherryDaemonOptions *options)
{
  for (guint i = 0; i < options->listen->len; i++)
    {
      GSocketAddress *address = options->listen->pdata[i];
      g_autoptr (GError) error = NULL;
      g_autofree char *uri = wherry_signaling_server_listen (self->server, address, &error);

      if (uri == NULL)
        {
          g_autofree char *text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));

          fprintf (stderr, _ ("wherryd: could not listen on %s: %s\n"), text, error->message);
          return FALSE;
        }
      /* read by programs: never translated */
      printf ("wherryd: listening on %s\n", uri);
      fflush (stdout);
    }
  return TRUE;
}

static gboolean
open_store (Daemon *self)
{
  g_autoptr (GError) error = NULL;

  if (wherry_relay_hub_open_store (self->relay, &error))
    return TRUE;
  fprintf (stderr, "wherryd: %s\n", error->message);
  return FALSE;
}

/* usrsctp 0.9.5 loses references where its timers and its callers meet at a bad moment: see
 * wherry-sctp-runtime.[ch], which leave it few. What is not closed is our fault. */
static void
shut_down_sctp (void)
{
  guint n_endpoints, n_sockets;

  if (wherry_sctp_runtime_shutdown ())
    return;
  n_endpoints = wherry_sctp_runtime_get_n_endpoints ();
  n_sockets = wherry_sctp_runtime_get_n_sockets ();
  if (n_endpoints > 0 || n_sockets > 0)
    wherry_bug ("SCTP could not be shut down: %u associations and %u sockets outlived their peers",
                n_endpoints, n_sockets);
  else
    wherry_warning (NULL, "SCTP keeps an association that was closed; it ends with the process");
}

int
wherry_daemon_run (WherryDaemonOptions *options)
{
  Daemon self = { 0 };
  const WherryAdmissionConfig admission = {
    .keys = options->auth->keys,
    .skew_us = options->auth->skew_us,
    .audience = options->auth->audience,
    .is_open = options->insecure_open,
  };
  WherrySignalingConfig config = {
    .origins = options->origins,
    .cors_origins = options->cors_origins,
    .joins_per_address = options->joins_per_address,
    .proxies = options->auth->proxies,
  };
  guint sources[3];
  int result = WHERRY_EXIT_FAILED;

  raise_file_limit ();
  if (g_getenv ("MALLOC_ARENA_MAX") == NULL)
    mallopt (M_ARENA_MAX, MALLOC_ARENAS);
  if (!wherry_daemon_slices_are_malloc ())
    wherry_debug (NULL, "GLib's slices take memory of their own");
  self.listen = options->listen;
  self.ice = wherry_ice_config_copy (options->relay->ice);
  wherry_bind_policy_apply (options->relay->ice, options->listen);

  if (wherry_relay_config_drops_reliable (options->relay))
    wherry_message (NULL, "By its configuration (policy) reliable channels may lose messages");

  self.loop = g_main_loop_new (NULL, FALSE);
  self.relay
      = wherry_relay_hub_new (g_steal_pointer (&options->relay), g_main_context_default (), NULL);
  self.admission = config.admission = wherry_admission_new (&admission);
  self.keys = options->auth->keys;
  self.server = wherry_signaling_server_new (self.relay, &config);
  wherry_relay_hub_set_peers_func (self.relay, on_peers, &self.heap);
  wherry_relay_hub_watch_network (self.relay, wherry_ice_network_get_system (), on_network, &self);
  sources[0] = g_unix_signal_add (SIGINT, on_signal, &self);
  sources[1] = g_unix_signal_add (SIGTERM, on_signal, &self);
  sources[2] = g_unix_signal_add (SIGHUP, on_reload, &self);
  if (open_store (&self) && listen_all (&self, options))
    {
      g_main_loop_run (self.loop);
      result = WHERRY_EXIT_OK;
    }
  else
    {
      /* the relay is freed only after it was shut down */
      on_signal (&self);
      g_main_loop_run (self.loop);
    }

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  wherry_signaling_server_free (self.server);
  wherry_admission_free (self.admission);
  wherry_relay_hub_free (self.relay);
  wherry_ice_config_free (self.ice);
  wherry_daemon_heap_clear (&self.heap);
  g_main_loop_unref (self.loop);
  shut_down_sctp ();
  if (wherry_worker_pool_drain () != 0)
    wherry_bug ("threads of peers outlived their relay");
  return result;
}
