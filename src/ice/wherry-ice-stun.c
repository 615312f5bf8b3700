/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include <stun/usages/bind.h>

#include "base/wherry-clock.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-candidates.h"
#include "ice/wherry-ice-socket-watch.h"
#include "ice/wherry-ice-stun.h"

/* RFC 8489 section 6.2.1: RTO, doubled each time. Three requests and a last wait of 2 s are 3.5 s
 * for a dead server, where the RFC's seven would be 39.5 s. */
#define RTO_MS 500u
#define TRIES 3u

typedef struct
{
  GSocket *socket;
  NiceCandidate *host; /* a copy of the candidate of this socket */
  WherryIceSocketWatch *watch;
} Base;

typedef struct
{
  WherryIceStun *owner;
  Base *base;
  gpointer server;
  GSocketAddress *address;
  StunAgent agent;
  guint8 request[STUN_MAX_MESSAGE_SIZE];
  gsize length;
  guint tries;
  GSource *timer;
} Request;

struct _WherryIceStun
{
  grefcount ref_count;
  gboolean closed;
  GMainContext *context;
  const WherryIceStunEvents *events;
  gpointer user_data;
  GPtrArray *bases;
  GPtrArray *requests; /* under way */
};

static void
base_free (gpointer data)
{
  Base *base = data;

  g_clear_pointer (&base->watch, wherry_ice_socket_watch_free);
  nice_candidate_free (base->host);
  g_object_unref (base->socket);
  g_free (base);
}

static void
request_free (gpointer data)
{
  Request *request = data;

  wherry_clock_clear_source (&request->timer);
  g_object_unref (request->address);
  g_free (request);
}

static void
stun_unref (WherryIceStun *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->requests);
  g_ptr_array_unref (self->bases);
  g_main_context_unref (self->context);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryIceStun, stun_unref)

static WherryIceStun *
stun_ref (WherryIceStun *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

/* Its event was told, which may have closed self. */
static void
request_done (WherryIceStun *self, Request *request)
{
  if (self->closed)
    return;
  g_ptr_array_remove_fast (self->requests, request);
  if (self->requests->len > 0)
    return;
  for (guint i = 0; i < self->bases->len; i++)
    {
      Base *base = g_ptr_array_index (self->bases, i);

      g_clear_pointer (&base->watch, wherry_ice_socket_watch_free);
    }
  self->events->idle (self->user_data);
}

static gboolean on_timer (gpointer user_data);

static void
send_request (Request *request)
{
  guint wait = RTO_MS << request->tries;

  g_socket_send_to (request->base->socket, request->address, (const char *) request->request,
                    request->length, NULL, NULL);
  request->tries++;
  request->timer = g_timeout_source_new (wait);
  g_source_set_callback (request->timer, on_timer, request, NULL);
  g_source_attach (request->timer, request->owner->context);
}

static gboolean
on_timer (gpointer user_data)
{
  Request *request = user_data;
  g_autoptr (WherryIceStun) self = stun_ref (request->owner);

  wherry_clock_clear_source (&request->timer);
  if (request->tries < TRIES)
    {
      send_request (request);
      return G_SOURCE_REMOVE;
    }
  self->events->failed (self->user_data, request->base->host, request->server,
                        WHERRY_ICE_UNREACHABLE, "the STUN server does not answer");
  request_done (self, request);
  return G_SOURCE_REMOVE;
}

static void
take_answer (WherryIceStun *self, Request *request, StunMessage *message)
{
  struct sockaddr_storage mapped = { 0 };
  struct sockaddr_storage alternate = { 0 };
  socklen_t mapped_length = sizeof mapped;
  socklen_t alternate_length = sizeof alternate;
  WherryIceStunAnswer answer = { .base = request->base->host, .server = request->server };
  int code = 0;

  if (stun_message_get_class (message) == STUN_ERROR)
    {
      if (stun_message_find_error (message, &code) != STUN_MESSAGE_RETURN_SUCCESS)
        code = STUN_ERROR_BAD_REQUEST;
      self->events->failed (self->user_data, request->base->host, request->server, (guint) code,
                            "the STUN server refused the request");
    }
  else if (stun_usage_bind_process (message, (struct sockaddr *) &mapped, &mapped_length,
                                    (struct sockaddr *) &alternate, &alternate_length)
           == STUN_USAGE_BIND_RETURN_SUCCESS)
    {
      nice_address_init (&answer.mapped);
      nice_address_set_from_sockaddr (&answer.mapped, (struct sockaddr *) &mapped);
      self->events->mapped (self->user_data, &answer);
    }
  else
    self->events->failed (self->user_data, request->base->host, request->server,
                          STUN_ERROR_BAD_REQUEST, "the STUN server's answer has no address");
  request_done (self, request);
}

/* RFC 8489 section 5: 0, type, length, magic cookie, 96 bits of transaction id. */
static Request *
find_request (WherryIceStun *self, const Base *base, const guint8 *data, gsize length)
{
  if (length < 20 || (data[0] & 0xc0) != 0)
    return NULL;
  for (guint i = 0; i < self->requests->len; i++)
    {
      Request *request = g_ptr_array_index (self->requests, i);

      if (request->base == base && memcmp (request->request + 4, data + 4, 16) == 0)
        return request;
    }
  return NULL;
}

static gboolean
is_ours (gpointer user_data, WherryIceSocketWatch *watch, const guint8 *data, gsize length)
{
  WherryIceStun *self = user_data;

  for (guint i = 0; i < self->bases->len; i++)
    {
      Base *base = g_ptr_array_index (self->bases, i);

      if (base->watch == watch)
        return find_request (self, base, data, length) != NULL;
    }
  return FALSE;
}

static void
on_answer (gpointer user_data, WherryIceSocketWatch *watch, const guint8 *data, gsize length)
{
  g_autoptr (WherryIceStun) self = stun_ref (user_data);
  StunMessage message;

  for (guint i = 0; i < self->bases->len; i++)
    {
      Base *base = g_ptr_array_index (self->bases, i);
      Request *request = base->watch == watch ? find_request (self, base, data, length) : NULL;

      if (request == NULL)
        continue;
      if (stun_agent_validate (&request->agent, &message, data, length, NULL, NULL)
          == STUN_VALIDATION_SUCCESS)
        take_answer (self, request, &message);
      return;
    }
}

static const WherryIceSocketWatchEvents watch_events = { .is_ours = is_ours, .packet = on_answer };

static GSocket *
find_socket (GPtrArray *sockets, const NiceAddress *wanted)
{
  for (guint i = 0; i < sockets->len; i++)
    {
      GSocket *socket = g_ptr_array_index (sockets, i);
      g_autoptr (GSocketAddress) bound = g_socket_get_local_address (socket, NULL);
      struct sockaddr_storage native;
      NiceAddress address;

      if (g_socket_get_socket_type (socket) != G_SOCKET_TYPE_DATAGRAM || bound == NULL
          || !g_socket_address_to_native (bound, &native, sizeof native, NULL))
        continue;
      nice_address_init (&address);
      nice_address_set_from_sockaddr (&address, (struct sockaddr *) &native);
      if (nice_address_equal (&address, wanted))
        return g_object_ref (socket);
    }
  return NULL;
}

static void
find_bases (WherryIceStun *self, NiceAgent *agent, guint stream)
{
  g_autoptr (GPtrArray) sockets = nice_agent_get_sockets (agent, stream, WHERRY_ICE_COMPONENT);
  GSList *candidates = nice_agent_get_local_candidates (agent, stream, WHERRY_ICE_COMPONENT);

  for (GSList *l = candidates; l != NULL && sockets != NULL; l = l->next)
    {
      NiceCandidate *candidate = l->data;
      GSocket *socket = NULL;

      if (candidate->type == NICE_CANDIDATE_TYPE_HOST
          && candidate->transport == NICE_CANDIDATE_TRANSPORT_UDP
          && !wherry_ice_address_is_link_local (&candidate->addr))
        socket = find_socket (sockets, &candidate->addr);
      if (socket != NULL)
        {
          Base *base = g_new0 (Base, 1);

          base->socket = socket;
          base->host = nice_candidate_copy (candidate);
          g_ptr_array_add (self->bases, base);
        }
    }
  g_slist_free_full (candidates, (GDestroyNotify) nice_candidate_free);
}

WherryIceStun *
wherry_ice_stun_new (NiceAgent *agent, guint stream, GMainContext *context,
                     const WherryIceStunEvents *events, gpointer user_data)
{
  WherryIceStun *self = g_new0 (WherryIceStun, 1);

  g_ref_count_init (&self->ref_count);
  self->context = g_main_context_ref (context);
  self->events = events;
  self->user_data = user_data;
  self->bases = g_ptr_array_new_with_free_func (base_free);
  self->requests = g_ptr_array_new_with_free_func (request_free);
  find_bases (self, agent, stream);
  return self;
}

static void
ask_from (WherryIceStun *self, Base *base, GInetAddress *address, guint16 port, gpointer server)
{
  Request *request = g_new0 (Request, 1);
  StunMessage message;

  request->owner = self;
  request->base = base;
  request->server = server;
  request->address = g_inet_socket_address_new (address, port);
  stun_agent_init (&request->agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, 0);
  request->length = stun_usage_bind_create (&request->agent, &message, request->request,
                                            sizeof request->request);
  g_ptr_array_add (self->requests, request);
  if (base->watch == NULL)
    base->watch = wherry_ice_socket_watch_new (base->socket, self->context, &watch_events, self);
  send_request (request);
}

gboolean
wherry_ice_stun_ask (WherryIceStun *self, GInetAddress *address, guint16 port, gpointer server)
{
  int version = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 ? 6 : 4;
  gboolean asked = FALSE;

  for (guint i = 0; i < self->bases->len; i++)
    {
      Base *base = g_ptr_array_index (self->bases, i);

      if (nice_address_ip_version (&base->host->addr) != version
          || self->requests->len >= WHERRY_STUN_REQUESTS_MAX)
        continue;
      ask_from (self, base, address, port, server);
      asked = TRUE;
    }
  return asked;
}

gboolean
wherry_ice_stun_is_idle (WherryIceStun *self)
{
  return self->requests->len == 0;
}

void
wherry_ice_stun_free (WherryIceStun *self)
{
  self->closed = TRUE;
  g_ptr_array_set_size (self->requests, 0);
  g_ptr_array_set_size (self->bases, 0);
  stun_unref (self);
}
