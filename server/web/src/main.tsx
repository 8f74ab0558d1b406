import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./style/colours.css";
import "./style/page.css";
import "./style/score.css";
import { Page } from "./view/Page";

const root = document.getElementById("page");
if (root)
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
