/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a peer finds its way to us: servers, addresses, ports. A plain value: one thread fills it,
 * others get copies. */

#include <gio/gio.h>

#include "wire/wherry-candidate.h"

G_BEGIN_DECLS

typedef struct
{
  char *host; /* name or literal address */
  guint16 port;
} WherryIceStunServer;

typedef struct
{
  char *host; /* name or literal address */
  guint16 port;
  char *user;
  char *password;
  gboolean tcp; /* towards the TURN server; relayed packets are UDP all the same */
  gboolean tls; /* turns: over TCP, whose certificate must be valid for host */
} WherryIceTurnServer;

/* A set of candidate types: WHERRY_ICE_TYPE (HOST) | WHERRY_ICE_TYPE (RELAY) */
#define WHERRY_ICE_TYPE(type) (1u << WHERRY_CANDIDATE_TYPE_##type)
#define WHERRY_ICE_TYPES_ALL                                                                       \
  (WHERRY_ICE_TYPE (HOST) | WHERRY_ICE_TYPE (SRFLX) | WHERRY_ICE_TYPE (PRFLX)                      \
   | WHERRY_ICE_TYPE (RELAY))

/* Whether mDNS names of the other side (RFC 8828, *.local) are looked up. */
typedef enum
{
  WHERRY_ICE_MDNS_AUTO, /* where the system does it by multicast: never by asking a DNS server */
  WHERRY_ICE_MDNS_OFF,
  WHERRY_ICE_MDNS_ON,
} WherryIceMdns;

/* Where changes of this machine's addresses are heard of: see ice/wherry-ice-network.h. */
typedef struct _WherryIceNetwork WherryIceNetwork;
struct _WherryIceNetwork
{
  /* changed is called on context, any number of times, until unwatch(). NULL: it cannot be done. */
  gpointer (*watch) (GMainContext *context, void (*changed) (gpointer user_data),
                     gpointer user_data);
  void (*unwatch) (gpointer watch);
  /* Whether packets may still leave by this address, a literal one. Thread: any */
  gboolean (*has_address) (const char *address);
};

typedef struct
{
  GPtrArray *stun_servers; /* of WherryIceStunServer; all are asked */
  GPtrArray *turn_servers; /* of WherryIceTurnServer */
  GPtrArray
      *bind_addresses;   /* of char *, literal addresses; empty: what libnice finds (no loopback) */
  GPtrArray *interfaces; /* of char *, names: their addresses, besides the bind addresses */
  guint16 port_min;      /* 0 and 0: any port */
  guint16 port_max;
  char *external_address; /* announced in place of our host addresses of its family (1:1 NAT), or
                             NULL */
  gboolean
      controlling; /* RFC 8445 section 6.1.1: the offerer controls, unless the other side is lite */
  gboolean remote_lite; /* the other side sent a=ice-lite: we control */
  gboolean relay_only;  /* iceTransportPolicy "relay": only TURN candidates are offered and used */
  gboolean ice_tcp;     /* TCP candidates too (RFC 6544) */
  gboolean no_udp;      /* TCP candidates only; with ice_tcp */
  /* Sets of types. Of ours, the others are not announced (without HOST, no address of ours is told
   * as the base of another either) and not gathered where that can be left out; packets may still
   * leave by them: relay_only is what forbids that. Of theirs, the others are not checked, and a
   * pair with them is never used: without PRFLX, no address that was not signaled. */
  guint local_types;
  guint remote_types;
  GResolver *resolver; /* of all names; NULL: the system's */
  WherryIceMdns mdns;
  char *tls_ca_file;               /* PEM, of turns: servers; NULL: what the system trusts */
  const WherryIceNetwork *network; /* watched for addresses that come and go; static; NULL: no */
  gboolean link_local;             /* offer fe80::/10 addresses too */
  gboolean outlives_failure;       /* ICE that failed may be restarted: the packet transport stays
                                      CONNECTED meanwhile and what is sent is lost; see the session's
                                      state event */
} WherryIceConfig;

/* Everything empty: any port, UDP only, controlled. Free with wherry_ice_config_free(). Thread: any
 */
WherryIceConfig *wherry_ice_config_new (void);
WherryIceConfig *wherry_ice_config_copy (const WherryIceConfig *self);
void wherry_ice_config_free (WherryIceConfig *self);
/* Whether both ask the same servers from the same addresses and offer the same candidates. */
gboolean wherry_ice_config_gathers_alike (const WherryIceConfig *a, const WherryIceConfig *b);

void wherry_ice_config_add_stun_server (WherryIceConfig *self, const char *host, guint16 port);
/* Names and passwords are copied; the password never shows in a log. */
void wherry_ice_config_add_turn_server (WherryIceConfig *self, const char *host, guint16 port,
                                        const char *user, const char *password, gboolean tcp);
/* turns: (TURN over TLS over TCP) */
void wherry_ice_config_add_turns_server (WherryIceConfig *self, const char *host, guint16 port,
                                         const char *user, const char *password);
/* By name ("eth0"). That it is there shows when a session is made or restarted. */
void wherry_ice_config_add_interface (WherryIceConfig *self, const char *name);
void wherry_ice_config_set_resolver (WherryIceConfig *self, GResolver *resolver);
void wherry_ice_config_set_tls_ca_file (WherryIceConfig *self, const char *file);
/* WHERRY_ERROR_INVALID_ARGUMENT if address is not a literal IPv4 or IPv6 address. */
gboolean wherry_ice_config_add_bind_address (WherryIceConfig *self, const char *address,
                                             GError **error);
gboolean wherry_ice_config_set_external_address (WherryIceConfig *self, const char *address,
                                                 GError **error);
/* WHERRY_ERROR_INVALID_ARGUMENT if min is over max or only one is 0. */
gboolean wherry_ice_config_set_port_range (WherryIceConfig *self, guint16 min, guint16 max,
                                           GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryIceConfig, wherry_ice_config_free)

G_END_DECLS
