// What pages gain where a browser runs scripts. Without them every page still reads.

// A part of a page that is fetched again while it is looked at: every so often, or when a stream
// tells that something has changed.
for (const part of document.querySelectorAll("[data-refresh]")) {
  const again = async () => {
    if (document.hidden || part.contains(document.activeElement)) return;
    try {
      const answer = await fetch(part.dataset.refresh, { redirect: "manual" });
      if (answer.ok) part.innerHTML = await answer.text();
      else if (answer.type === "opaqueredirect") location.reload();
      if (part.querySelector("[data-finished]")) location.reload();
    } catch { /* the network comes back, or the reader reloads */ }
  };
  if (part.dataset.stream) {
    const stream = new EventSource(part.dataset.stream);
    const told = (event) => {
      if (JSON.parse(event.data).status === part.dataset.status) again();
      else location.reload();
    };
    stream.addEventListener("statistics", told);
    stream.addEventListener("end", () => {
      stream.close();
      location.reload();
    });
    document.addEventListener("visibilitychange", again);
  } else {
    const rounds = async () => {
      await again();
      setTimeout(rounds, Number(part.dataset.every));
    };
    setTimeout(rounds, Number(part.dataset.every));
  }
}

// Ask before what cannot be taken back.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// A live call: its turns grow as they are told.
for (const list of document.querySelectorAll("[data-follow]")) {
  const stream = new EventSource(list.dataset.follow);
  const place = (turn, partial) => {
    const id = `turn-${turn.id}`;
    let line = document.getElementById(id);
    if (!line) {
      line = document.createElement("li");
      line.id = id;
      line.append(document.createElement("b"), " ", document.createElement("span"));
      list.append(line);
    }
    line.className = turn.user;
    line.firstChild.textContent = turn.user;
    const words = line.querySelector("span");
    words.textContent = turn.text;
    words.classList.toggle("partial", partial);
  };
  stream.addEventListener("turn", (event) => place(JSON.parse(event.data), false));
  stream.addEventListener("partial", (event) => place(JSON.parse(event.data), true));
  stream.addEventListener("turn_removed", (event) => {
    document.getElementById(`turn-${JSON.parse(event.data).id}`)?.remove();
  });
  stream.addEventListener("end", () => {
    stream.close();
    location.assign(list.dataset.over);
  });
}

// The recording: drawn, and in step with the transcript.
for (const player of document.querySelectorAll("[data-waveform]")) {
  const audio = player.querySelector("audio");
  const canvas = player.querySelector("canvas");
  const turns = [...document.querySelectorAll(".turns [data-at]")];
  let shape = null;
  let until = Infinity;

  const draw = () => {
    if (!shape) return;
    const pen = canvas.getContext("2d");
    const { width, height } = canvas;
    const half = height / shape.sides.length;
    const played = audio.currentTime / shape.seconds;
    const style = getComputedStyle(canvas);
    const [person, agent, heard] = ["--soft", "--main", "--ink"].map((name) => style.getPropertyValue(name));
    pen.clearRect(0, 0, width, height);
    shape.sides.forEach((side, index) => {
      const middle = half * (index + 0.5);
      side.forEach((peak, at) => {
        const x = (at / side.length) * width;
        pen.fillStyle = at / side.length < played ? heard : index ? agent : person;
        const tall = Math.max(1, peak * half * 0.95);
        pen.fillRect(x, middle - tall / 2, Math.max(1, width / side.length), tall);
      });
    });
  };
  const seek = (seconds, end = Infinity) => {
    audio.currentTime = seconds;
    until = end;
    audio.play();
  };

  fetch(player.dataset.waveform).then(async (answer) => {
    if (answer.ok) shape = await answer.json();
    draw();
  });
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    if (shape) seek(((event.clientX - box.left) / box.width) * shape.seconds);
  });
  audio.addEventListener("timeupdate", () => {
    if (audio.currentTime >= until) {
      audio.pause();
      until = Infinity;
    }
    const now = audio.currentTime * 1000;
    const current = turns.filter((turn) => Number(turn.dataset.at) <= now).pop();
    for (const turn of turns) turn.classList.toggle("now", turn === current && !audio.paused);
    draw();
  });
  for (const mark of document.querySelectorAll("[data-seek]")) {
    mark.addEventListener("click", () => {
      seek(Number(mark.dataset.seek) / 1000, mark.dataset.until ? Number(mark.dataset.until) / 1000 : Infinity);
    });
  }
}
