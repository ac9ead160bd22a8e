# In the folder above: gnuplot -e "load 'src/light.gp'" src/skips_g1_1.gp (after set terminal ...)
data = 'src/skips_g1_1.csv'
set style fill solid noborder
set boxwidth 0.86
set border 3
set xrange [13:34]
set xtics 0,5 format '' font ',11'
set multiplot
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.97872
set bmargin at screen 0.84752
set yrange [0:75.39999999999999]
set ytics 0,52 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 19.2' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 19.245,0 to 19.245,59.8 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.91312 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==0 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.82624
set bmargin at screen 0.69504
set yrange [0:55.1]
set ytics 0,38 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 22.3' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 22.31,0 to 22.31,43.699999999999996 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.76064 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==1 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.67376
set bmargin at screen 0.54255
set yrange [0:72.5]
set ytics 0,50 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 23.7' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 23.68,0 to 23.68,57.49999999999999 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.60816 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==2 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.52128
set bmargin at screen 0.39007
set yrange [0:94.25]
set ytics 0,65 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 23.0' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 22.985,0 to 22.985,74.75 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.45567 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==3 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.36879
set bmargin at screen 0.23759
set yrange [0:75.39999999999999]
set ytics 0,52 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 26.3' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 26.305,0 to 26.305,59.8 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.30319 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==4 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.21631
set bmargin at screen 0.08511
set xtics format '%g'
set yrange [0:91.35]
set ytics 0,63 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 27.7' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 27.72,0 to 27.72,72.44999999999999 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.15071 center rotate by 90 font ',11' textcolor rgb ink
set label 'skipped predictions of a sample' at screen 0.54286,0.01950 center font ',12' textcolor rgb ink
plot data using ($1==5 ? $2 : NaN):3 with boxes fillcolor rgb c1
unset multiplot
