/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-server.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-relay-private.h"
#include "lib/wherry-server-access-private.h"
#include "signaling/wherry-signaling-server.h"

/* What listens. It outlives the object until its last socket is closed. */
typedef struct
{
  /* immutable after construction: any thread reads */
  GMainContext *context;
  /* hub thread only */
  WherryRelayCore *core; /* a reference: sessions use its hub */
  WherryServerAccess *access;
  WherrySignalingServer *signaling;
  GPtrArray *tasks; /* of GTask: who waits for the end */
} Run;

struct _WherryServer
{
  GObject parent_instance;

  /* creator's thread only */
  WherryRelay *relay;
  char *host;
  guint port;
  gboolean insecure_open;
  gboolean serve_page;
  GStrv allowed_origins;
  GStrv allowed_hosts;
  GStrv trusted_proxies;
  GStrv token_keys;
  guint joins_per_address;
  char *uri;
  gboolean started;
  Run *run; /* NULL: it does not listen */
};

typedef enum
{
  PROP_RELAY = 1,
  PROP_HOST,
  PROP_PORT,
  PROP_INSECURE_OPEN,
  PROP_SERVE_PAGE,
  PROP_ALLOWED_ORIGINS,
  PROP_ALLOWED_HOSTS,
  PROP_TRUSTED_PROXIES,
  PROP_TOKEN_KEYS,
  PROP_JOINS_PER_ADDRESS,
  PROP_URI,
} Property;

static GParamSpec *properties[PROP_URI + 1];

G_DEFINE_FINAL_TYPE (WherryServer, wherry_server, G_TYPE_OBJECT)

/* ---- what listens ---- */

static void
run_free (Run *self)
{
  g_clear_pointer (&self->signaling, wherry_signaling_server_free);
  g_clear_pointer (&self->access, wherry_server_access_free);
  wherry_relay_core_unref (self->core);
  g_ptr_array_unref (self->tasks);
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean
on_stopped (gpointer data)
{
  Run *self = data;
  g_autoptr (GPtrArray) tasks = g_ptr_array_ref (self->tasks);

  run_free (self);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
  return G_SOURCE_REMOVE;
}

/* The signaling server is on the stack. */
static void
on_shutdown (gpointer user_data)
{
  Run *self = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_stopped, self, NULL);
  g_source_attach (source, self->context);
}

/* task: (transfer full) (nullable). Takes self. */
static void
run_stop (Run *self, GTask *task)
{
  if (task != NULL)
    g_ptr_array_add (self->tasks, task);
  wherry_signaling_server_drain (self->signaling);
  wherry_signaling_server_shutdown (self->signaling, on_shutdown, self);
}

static gboolean
on_post_stop (gpointer data)
{
  run_stop (data, NULL);
  return G_SOURCE_REMOVE;
}

/* Thread: any */
static void
run_post_stop (Run *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_post_stop, self, NULL);
  g_source_attach (source, self->context);
}

/* (transfer full) (nullable) */
static GInetSocketAddress *
make_address (WherryServer *self, GError **error)
{
  g_autoptr (GInetAddress) ip = g_inet_address_new_from_string (self->host);

  if (ip == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "listening on “%s”: that is not an address", self->host);
      return NULL;
    }
  if (!g_inet_address_get_is_loopback (ip) && !self->insecure_open
      && (self->token_keys == NULL || self->token_keys[0] == NULL))
    {
      g_set_error (
          error, WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN,
          "refusing to listen on %s: everybody who reaches that address could join any "
          "room. Listen on 127.0.0.1, set token-keys, or insecure-open if that is what you "
          "want",
          self->host);
      return NULL;
    }
  return G_INET_SOCKET_ADDRESS (g_inet_socket_address_new (ip, (guint16) self->port));
}

static Run *
run_new (WherryServer *self, WherryRelayCore *core, GError **error)
{
  g_autoptr (WherryServerAccess) access = NULL;
  WherrySignalingConfig config
      = { .joins_per_address = self->joins_per_address, .no_page = !self->serve_page };
  GMainContext *context = wherry_relay_core_get_context (core);
  Run *run;

  access = wherry_server_access_new ((const char *const *) self->allowed_origins,
                                     (const char *const *) self->allowed_hosts,
                                     (const char *const *) self->trusted_proxies,
                                     (const char *const *) self->token_keys, self->insecure_open,
                                     error);
  if (access == NULL)
    return NULL;
  run = g_new0 (Run, 1);
  run->context = g_main_context_ref (context);
  run->core = wherry_relay_core_ref (core);
  run->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  run->access = g_steal_pointer (&access);
  wherry_server_access_apply (run->access, &config);
  g_main_context_push_thread_default (context);
  run->signaling = wherry_signaling_server_new (wherry_relay_core_get_hub (core), &config);
  g_main_context_pop_thread_default (context);
  return run;
}

gboolean
wherry_server_start (WherryServer *self, GError **error)
{
  g_autoptr (GInetSocketAddress) address = NULL;
  g_autoptr (GUri) uri = NULL;
  WherryRelayCore *core;
  Run *run;

  g_return_val_if_fail (WHERRY_IS_SERVER (self), FALSE);
  if (self->started)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE,
                           "the server was started before");
      return FALSE;
    }
  address = make_address (self, error);
  core = address != NULL ? wherry_relay_ensure_core (self->relay, error) : NULL;
  run = core != NULL ? run_new (self, core, error) : NULL;
  if (run == NULL)
    return FALSE;
  g_main_context_push_thread_default (run->context);
  self->uri = wherry_signaling_server_listen (run->signaling, G_SOCKET_ADDRESS (address), error);
  g_main_context_pop_thread_default (run->context);
  if (self->uri == NULL)
    {
      run_free (run);
      return FALSE;
    }
  wherry_relay_core_add_listen (core, address);
  self->run = run;
  self->started = TRUE;
  uri = g_uri_parse (self->uri, G_URI_FLAGS_NONE, NULL);
  self->port = (guint) g_uri_get_port (uri);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PORT]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_URI]);
  return TRUE;
}

void
wherry_server_stop_async (WherryServer *self, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Run *run;

  g_return_if_fail (WHERRY_IS_SERVER (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, wherry_server_stop_async);
  run = g_steal_pointer (&self->run);
  self->started = TRUE;
  if (run == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_clear_pointer (&self->uri, g_free);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_URI]);
  run_stop (run, g_steal_pointer (&task));
}

gboolean
wherry_server_stop_finish (WherryServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- the object ---- */

static void
wherry_server_finalize (GObject *object)
{
  WherryServer *self = WHERRY_SERVER (object);

  if (self->run != NULL)
    run_post_stop (self->run);
  g_clear_object (&self->relay);
  g_free (self->host);
  g_strfreev (self->allowed_origins);
  g_strfreev (self->allowed_hosts);
  g_strfreev (self->trusted_proxies);
  g_strfreev (self->token_keys);
  g_free (self->uri);
  G_OBJECT_CLASS (wherry_server_parent_class)->finalize (object);
}

static void
wherry_server_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryServer *self = WHERRY_SERVER (object);

  switch ((Property) id)
    {
    case PROP_RELAY:
      g_value_set_object (value, self->relay);
      break;
    case PROP_HOST:
      g_value_set_string (value, self->host);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_INSECURE_OPEN:
      g_value_set_boolean (value, self->insecure_open);
      break;
    case PROP_SERVE_PAGE:
      g_value_set_boolean (value, self->serve_page);
      break;
    case PROP_ALLOWED_ORIGINS:
      g_value_set_boxed (value, self->allowed_origins);
      break;
    case PROP_ALLOWED_HOSTS:
      g_value_set_boxed (value, self->allowed_hosts);
      break;
    case PROP_TRUSTED_PROXIES:
      g_value_set_boxed (value, self->trusted_proxies);
      break;
    case PROP_TOKEN_KEYS:
      g_value_set_boxed (value, self->token_keys);
      break;
    case PROP_JOINS_PER_ADDRESS:
      g_value_set_uint (value, self->joins_per_address);
      break;
    case PROP_URI:
      g_value_set_string (value, self->uri);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
set_strv (GStrv *field, const GValue *value)
{
  g_strfreev (*field);
  *field = g_value_dup_boxed (value);
}

static void
wherry_server_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WherryServer *self = WHERRY_SERVER (object);

  switch ((Property) id)
    {
    case PROP_RELAY:
      self->relay = g_value_dup_object (value);
      break;
    case PROP_HOST:
      g_free (self->host);
      self->host = g_value_dup_string (value);
      break;
    case PROP_PORT:
      if (!self->started)
        self->port = g_value_get_uint (value);
      break;
    case PROP_INSECURE_OPEN:
      self->insecure_open = g_value_get_boolean (value);
      break;
    case PROP_SERVE_PAGE:
      self->serve_page = g_value_get_boolean (value);
      break;
    case PROP_ALLOWED_ORIGINS:
      set_strv (&self->allowed_origins, value);
      break;
    case PROP_ALLOWED_HOSTS:
      set_strv (&self->allowed_hosts, value);
      break;
    case PROP_TRUSTED_PROXIES:
      set_strv (&self->trusted_proxies, value);
      break;
    case PROP_TOKEN_KEYS:
      set_strv (&self->token_keys, value);
      break;
    case PROP_JOINS_PER_ADDRESS:
      self->joins_per_address = g_value_get_uint (value);
      break;
    case PROP_URI:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
install_who_may_join (GParamFlags flags)
{
  /**
   * WherryServer:insecure-open:
   *
   * Whether it may listen beyond this machine although anybody may join.
   */
  properties[PROP_INSECURE_OPEN]
      = g_param_spec_boolean ("insecure-open", NULL, NULL, FALSE, flags | G_PARAM_CONSTRUCT);
  /**
   * WherryServer:allowed-origins:
   *
   * Pages that may use it besides its own, as `https://chat.example.org`; `*`: any.
   */
  properties[PROP_ALLOWED_ORIGINS]
      = g_param_spec_boxed ("allowed-origins", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * WherryServer:allowed-hosts:
   *
   * Names that it is known by besides localhost and its addresses.
   */
  properties[PROP_ALLOWED_HOSTS]
      = g_param_spec_boxed ("allowed-hosts", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * WherryServer:trusted-proxies:
   *
   * Addresses and ranges (`10.0.0.0/8`) whose `X-Forwarded-For` or `Forwarded` is believed.
   */
  properties[PROP_TRUSTED_PROXIES]
      = g_param_spec_boxed ("trusted-proxies", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * WherryServer:token-keys:
   *
   * Files of keys (JSON Web Key Sets) that tokens are signed with: everybody who comes by this
   * server needs one then. They are read again when they change.
   */
  properties[PROP_TOKEN_KEYS] = g_param_spec_boxed ("token-keys", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * WherryServer:joins-per-address:
   *
   * Joins a second from one address that is not loopback; 0: any number.
   */
  properties[PROP_JOINS_PER_ADDRESS]
      = g_param_spec_uint ("joins-per-address", NULL, NULL, 0, G_MAXUINT, WHERRY_JOINS_PER_ADDRESS,
                           flags | G_PARAM_CONSTRUCT);
}

static void
wherry_server_class_init (WherryServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_server_finalize;
  object_class->get_property = wherry_server_get_property;
  object_class->set_property = wherry_server_set_property;
  /**
   * WherryServer:relay:
   *
   * The relay that it serves.
   */
  properties[PROP_RELAY] = g_param_spec_object ("relay", NULL, NULL, WHERRY_TYPE_RELAY,
                                                flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * WherryServer:host:
   *
   * The address to listen on, IPv4 or IPv6.
   */
  properties[PROP_HOST]
      = g_param_spec_string ("host", NULL, NULL, "127.0.0.1", flags | G_PARAM_CONSTRUCT);
  /**
   * WherryServer:port:
   *
   * The port to listen on; 0: any that is free, and once it listens, which.
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, flags);
  /**
   * WherryServer:serve-page:
   *
   * Whether it serves the built-in page and the browser module.
   */
  properties[PROP_SERVE_PAGE]
      = g_param_spec_boolean ("serve-page", NULL, NULL, TRUE, flags | G_PARAM_CONSTRUCT);
  /**
   * WherryServer:uri:
   *
   * Where it is found; %NULL while it does not listen.
   */
  properties[PROP_URI]
      = g_param_spec_string ("uri", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  install_who_may_join (flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_server_init (WherryServer *self)
{
}

WherryServer *
wherry_server_new (WherryRelay *relay)
{
  g_return_val_if_fail (WHERRY_IS_RELAY (relay), NULL);
  return g_object_new (WHERRY_TYPE_SERVER, "relay", relay, NULL);
}

/* ---- properties ---- */

WherryRelay *
wherry_server_get_relay (WherryServer *self)
{
  g_return_val_if_fail (WHERRY_IS_SERVER (self), NULL);
  return self->relay;
}

const char *
wherry_server_get_uri (WherryServer *self)
{
  g_return_val_if_fail (WHERRY_IS_SERVER (self), NULL);
  return self->uri;
}

guint
wherry_server_get_port (WherryServer *self)
{
  g_return_val_if_fail (WHERRY_IS_SERVER (self), 0);
  return self->port;
}
