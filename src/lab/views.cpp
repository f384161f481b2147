// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/views.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>
#include <string_view>

#include <fmt/format.h>

namespace bulkhead::lab {
namespace {

namespace fs = std::filesystem;

struct View {
  std::string_view folder;
  bool shows_machine;  // the machine's entries appear as links
  unsigned mode = 0755;
};

constexpr std::array kViews = {
    View{"/etc", true},
    View{"/opt", true},
    View{"/root", true},
    View{"/tmp", true, 01777},
    View{"/var/lib", true},
    View{"/var/log", false},
    View{"/var/spool/cron", false},
};

const std::set<std::string, std::less<>> kOwn = {
    "/etc/passwd",       "/etc/passwd-",       "/etc/group",     "/etc/group-",   "/etc/shadow",
    "/etc/shadow-",      "/etc/gshadow",       "/etc/gshadow-",  "/etc/hosts",    "/etc/hostname",
    "/etc/resolv.conf",  "/etc/nsswitch.conf", "/etc/ssh",       "/etc/nginx",    "/etc/crontab",
    "/etc/cron.d",       "/etc/cron.allow",    "/etc/cron.deny", "/etc/bulkhead", "/etc/pam.d",
    "/var/lib/bulkhead", "/var/lib/nginx",
};

std::string flat(std::string_view folder) {  // "/var/lib" -> "var-lib"
  std::string name(folder.substr(1));
  for (char& letter : name) {
    if (letter == '/') letter = '-';
  }
  return name;
}

Result<void> mount_at(const char* source, const std::string& target, const char* type,
                      unsigned long flags, const char* data = nullptr) {
  if (::mount(source, target.c_str(), type, flags, data) != 0)
    return system_error("mount on " + target);
  return {};
}

Result<void> link_entries(const std::string& machine, const View& view,
                          const std::string& storage) {
  std::error_code error;
  for (fs::directory_iterator entry(machine, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (kOwn.contains(fmt::format("{}/{}", view.folder, name))) continue;
    if (view.folder == "/root" && name.starts_with("."))
      continue;  // the shell's and ssh's own settings
    if (::symlink(entry->path().c_str(), fmt::format("{}/{}", storage, name).c_str()) != 0)
      return system_error("symlink " + name);
  }
  return {};  // a folder that may not be read shows nothing
}

Result<void> write_identity(const std::string& etc, const World& world) {
  // In a user namespace with one id everybody is that one.
  const int daemon = world.many_ids ? 65533 : 0;
  const int web = world.many_ids ? 33 : 0;
  const int nobody = world.many_ids ? 65534 : 0;
  const std::string passwd = fmt::format(
      "root:*:0:0:root:/root:/bin/bash\n"
      "sshd:*:{}:{}::/run/sshd:/usr/sbin/nologin\n"
      "www-data:*:{}:{}::/var/www:/usr/sbin/nologin\n"
      "nobody:*:{}:{}::/nonexistent:/usr/sbin/nologin\n",
      daemon, daemon, web, web, nobody, nobody);
  const std::string group = fmt::format("root:x:0:\nwww-data:x:{}:\nnogroup:x:{}:\ncrontab:x:{}:\n",
                                        web, nobody, world.many_ids ? 65532 : 0);
  const std::string pam =
      "auth required pam_permit.so\naccount required pam_permit.so\n"
      "password required pam_deny.so\nsession required pam_permit.so\n";
  if (auto made = make_folders(etc + "/pam.d"); !made) return made;
  for (const auto& [name, text] : {std::pair<const char*, std::string>{"passwd", passwd},
                                   {"group", group},
                                   {"resolv.conf", ""},
                                   {"pam.d/cron", pam},
                                   {"pam.d/other", pam},
                                   {"nsswitch.conf",
                                    "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"
                                    "networks: files\nservices: files\nprotocols: files\n"}}) {
    if (auto written = write_file(fmt::format("{}/{}", etc, name), text); !written) return written;
  }
  return {};
}

}  // namespace

Result<void> make_machine_folders() {
  if (auto done = mount_at("lab", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"); !done)
    return done;
  if (auto done = make_folders(World::kHosts); !done) return done;
  for (const View& view : kViews) {
    if (!view.shows_machine) continue;
    const std::string target = fmt::format("{}/{}", World::kMachine, flat(view.folder));
    if (auto done = make_folders(target); !done) return done;
    if (auto done = mount_at(std::string(view.folder).c_str(), target, nullptr, MS_BIND | MS_REC);
        !done)
      return done;
  }
  return {};
}

Result<void> make_storage(const std::string& storage, const World& world) {
  for (const View& view : kViews) {
    const std::string folder = fmt::format("{}/{}", storage, flat(view.folder));
    if (auto done = make_folders(folder); !done) return done;
    ::chmod(folder.c_str(), view.mode);
    if (!view.shows_machine) continue;
    if (auto done =
            link_entries(fmt::format("{}/{}", World::kMachine, flat(view.folder)), view, folder);
        !done) {
      return done;
    }
  }
  for (const char* folder :
       {"/var-lib/bulkhead", "/var-lib/nginx", "/etc/bulkhead", "/etc/ssh", "/etc/nginx",
        "/root/.ssh", "/var-log/nginx", "/var-spool-cron/crontabs"}) {
    if (auto done = make_folders(storage + folder); !done) return done;
  }
  return write_identity(storage + "/etc", world);
}

Result<void> mount_storage(const std::string& storage) {
  for (const View& view : kViews) {
    const std::string target(view.folder);
    std::error_code error;
    if (!fs::is_directory(target, error)) continue;  // /var/spool/cron where there is no cron
    const std::string source = fmt::format("{}/{}", storage, flat(view.folder));
    if (auto done = mount_at(source.c_str(), target, nullptr, MS_BIND); !done) return done;
  }
  // The new /run is made beside the world's, takes the machine's folders with it, and moves over
  // it.
  const std::string run = storage + "/run";
  const std::string machine = fmt::format("{}{}", run, std::string_view(World::kMachine).substr(4));
  if (auto done = make_folders(run); !done) return done;
  if (auto done = mount_at("run", run, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"); !done)
    return done;
  for (const std::string& folder : {machine, run + "/sshd", run + "/lock", run + "/nginx"}) {
    if (auto done = make_folders(folder); !done) return done;
  }
  if (auto done = mount_at(World::kMachine, machine, nullptr, MS_BIND | MS_REC); !done) return done;
  if (auto done = mount_at(run.c_str(), "/run", nullptr, MS_MOVE); !done) return done;
  // A container with a masked /proc refuses a new one; the old one serves.
  ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  ::mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  return {};
}

}  // namespace bulkhead::lab
