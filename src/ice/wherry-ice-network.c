/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>
#include <nice/agent.h>

#include "base/wherry-clock.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-candidates.h"
#include "ice/wherry-ice-network.h"

typedef struct
{
  int fd;
  GMainContext *context;
  GSource *source;
  GSource *settle; /* NULL: nothing has changed */
  char *addresses; /* as last seen */
  void (*changed) (gpointer user_data);
  gpointer user_data;
} Watch;

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* FALSE: it is of no use. */
static gboolean
read_address (const struct ifaddrs *entry, NiceAddress *address)
{
  if (entry->ifa_addr == NULL || (entry->ifa_flags & IFF_UP) == 0
      || (entry->ifa_flags & IFF_RUNNING) == 0
      || (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6))
    return FALSE;
  nice_address_init (address);
  nice_address_set_from_sockaddr (address, entry->ifa_addr);
  return TRUE;
}

static char *
address_text (const struct ifaddrs *entry)
{
  char text[NICE_ADDRESS_STRING_LEN];
  NiceAddress address;

  if ((entry->ifa_flags & IFF_LOOPBACK) != 0 || !read_address (entry, &address)
      || wherry_ice_address_is_link_local (&address))
    return NULL;
  nice_address_to_string (&address, text);
  return g_strdup_printf ("%s %s", entry->ifa_name, text);
}

static char *
list_addresses (void)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_free);
  struct ifaddrs *all = NULL;

  if (getifaddrs (&all) != 0)
    return g_strdup ("");
  for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
    {
      char *text = address_text (i);

      if (text != NULL)
        g_ptr_array_add (list, text);
    }
  freeifaddrs (all);
  g_ptr_array_sort (list, compare);
  g_ptr_array_add (list, NULL);
  return g_strjoinv ("\n", (char **) list->pdata);
}

static gboolean
on_settled (gpointer user_data)
{
  Watch *watch = user_data;
  g_autofree char *before = g_steal_pointer (&watch->addresses);

  wherry_clock_clear_source (&watch->settle);
  watch->addresses = list_addresses ();
  if (strcmp (before, watch->addresses) != 0)
    watch->changed (watch->user_data); /* may end the watch */
  return G_SOURCE_REMOVE;
}

/* What exactly has changed does not matter: the addresses are looked at when it is quiet again. */
static gboolean
on_netlink (int fd, GIOCondition condition, gpointer user_data)
{
  Watch *watch = user_data;
  char buffer[8192];

  for (guint i = 0; i < WHERRY_DISPATCH_BATCH; i++)
    if (recv (fd, buffer, sizeof buffer, MSG_DONTWAIT) <= 0)
      break;
  if (watch->settle != NULL)
    return G_SOURCE_CONTINUE; /* not begun anew: a flapping link would put it off for ever */
  watch->settle = g_timeout_source_new (WHERRY_NETWORK_SETTLE_US / 1000);
  g_source_set_callback (watch->settle, on_settled, watch, NULL);
  g_source_attach (watch->settle, watch->context);
  return G_SOURCE_CONTINUE;
}

static gpointer
system_watch (GMainContext *context, void (*changed) (gpointer user_data), gpointer user_data)
{
  const struct sockaddr_nl groups
      = { .nl_family = AF_NETLINK,
          .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  Watch *watch;

  if (fd < 0)
    return NULL;
  if (bind (fd, (const struct sockaddr *) &groups, sizeof groups) != 0)
    {
      close (fd);
      return NULL;
    }
  watch = g_new0 (Watch, 1);
  watch->fd = fd;
  watch->context = g_main_context_ref (context);
  watch->changed = changed;
  watch->user_data = user_data;
  watch->addresses = list_addresses ();
  watch->source = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_callback (watch->source, G_SOURCE_FUNC (on_netlink), watch, NULL);
  g_source_attach (watch->source, context);
  return watch;
}

static void
system_unwatch (gpointer data)
{
  Watch *watch = data;

  wherry_clock_clear_source (&watch->settle);
  wherry_clock_clear_source (&watch->source);
  close (watch->fd);
  g_main_context_unref (watch->context);
  g_free (watch->addresses);
  g_free (watch);
}

static gboolean
system_has_address (const char *text)
{
  struct ifaddrs *all = NULL;
  gboolean found = FALSE;
  NiceAddress wanted;
  NiceAddress address;

  nice_address_init (&wanted);
  if (!nice_address_set_from_string (&wanted, text) || getifaddrs (&all) != 0)
    return TRUE; /* not known to be gone */
  for (const struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next)
    found = read_address (i, &address) && nice_address_equal_no_port (&address, &wanted);
  freeifaddrs (all);
  return found;
}

const WherryIceNetwork *
wherry_ice_network_get_system (void)
{
  static const WherryIceNetwork network = {
    .watch = system_watch,
    .unwatch = system_unwatch,
    .has_address = system_has_address,
  };

  return &network;
}
